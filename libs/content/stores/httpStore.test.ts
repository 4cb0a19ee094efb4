import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AllodError, type Hex, newSigningKey } from '@allod/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { rawBody, rawRef } from '../blob.ts'
import { signStorageReceipt } from '../storageReceipt.ts'
import { collect, testBytes } from '../testing/fixtures.ts'
import { codeOf } from '../testing/vectors.ts'
import { httpStore } from './httpStore.ts'
import type { Store } from './Store.ts'

const key = newSigningKey()
const ref = rawRef(`0x${'11'.repeat(32)}` as Hex)
const body = rawBody(testBytes(100_000))
const receipt = signStorageReceipt(key, { digest: ref.digest, sizeBytes: 100_000, time: 1 })

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** A store whose node answers as told; how often it was asked is counted. */
async function nodeThat(
  answer: RequestListener,
  timeoutMs = 30_000,
): Promise<{ store: Store; asked: () => number; url: string }> {
  let asked = 0
  const server = createServer((request, response) => {
    asked++
    request.resume()
    answer(request, response)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { store: httpStore({ url, address: key.address, timeoutMs }), asked: () => asked, url }
}

const json =
  (value: unknown, status = 200): RequestListener =>
  (_, response) => {
    response.statusCode = status
    response.end(JSON.stringify(value))
  }
const refusal = new AllodError('store/disk-full', 'this node has no room', 'use another').toJSON()

describe('httpStore', () => {
  // 200 ms, and 4 for so many bytes at the slowest rate; what the node says of its length buys it no time.
  it.each([
    ['of a range', { range: { start: 0, end: 1024 } }],
    ['of a whole blob', { maxBytes: 1024 }],
  ])('gives a node up that drips %s: each piece in time, and all of it never', async (_, options) => {
    const { store } = await nodeThat((_, response) => {
      response.writeHead('range' in options ? 206 : 200, { 'content-length': 1e12 })
      const drip = setInterval(() => response.write('x'), 20)
      response.once('close', () => clearInterval(drip))
    }, 200)
    expect(await codeOf(() => collect(store.get(ref, options)))).toBe('content/store-unreachable')
  })

  it('tells a body that cannot be read as what it is, not as a fault of the node', async () => {
    const { store } = await nodeThat(json(receipt))
    const broken = {
      ...body,
      *pieces() {
        yield testBytes(100)
        throw new AllodError('content/no-replica', 'no leaves', 'none')
      },
    }
    expect(await codeOf(() => store.put(ref, broken))).toBe('content/no-replica')
  })

  it('tries again where a node is busy, and then succeeds', async () => {
    let first = true
    const { store, asked } = await nodeThat((request, response) => {
      const isBusy = first
      first = false
      json(isBusy ? {} : receipt, isBusy ? 503 : 201)(request, response)
    })
    expect(await store.put(ref, body)).toEqual(receipt)
    expect(asked()).toBe(2)
  })

  it('gives up after three attempts: content/store-refused with the node’s own error', async () => {
    const { store, asked } = await nodeThat(json(refusal, 503))
    await expect(store.put(ref, body)).rejects.toMatchObject({
      code: 'content/store-refused',
      meta: { actual: 503, store: key.address },
      cause: { code: 'store/disk-full' },
    })
    expect(asked()).toBe(3)
  })

  it('does not repeat what was refused for good', async () => {
    const { store, asked } = await nodeThat(json(refusal, 507))
    expect(await codeOf(() => store.put(ref, body))).toBe('content/store-refused')
    expect(asked()).toBe(1)
  })

  it('says content/store-unreachable where nobody listens', async () => {
    const { url } = await nodeThat(json({}))
    await new Promise((resolve) => servers.pop()?.close(resolve))
    const store = httpStore({ url, address: key.address })
    for (const work of [
      () => store.put(ref, body),
      () => collect(store.get(ref)),
      () => store.health(),
      () => store.has([ref]),
    ])
      expect(await codeOf(work)).toBe('content/store-unreachable')
  })

  it('does not wait for ever for an answer', async () => {
    const { store } = await nodeThat(() => {}, 300)
    expect(await codeOf(() => store.stat(ref))).toBe('content/store-unreachable')
  })

  it('does not wait for ever for the next bytes', async () => {
    const { store } = await nodeThat((_, response) => {
      response.writeHead(200, { 'content-length': 10 })
      response.write('12345')
    }, 300)
    expect(await codeOf(() => collect(store.get(ref)))).toBe('content/store-unreachable')
  })

  it('stops when it is told to: content/aborted', async () => {
    const { store } = await nodeThat((_, response) => {
      response.writeHead(200, { 'content-length': 10 })
      response.write('12345')
    })
    const stop = new AbortController()
    const reading = async () => {
      for await (const _ of store.get(ref, { signal: stop.signal })) stop.abort()
    }
    expect(await codeOf(reading)).toBe('content/aborted')
    expect(await codeOf(() => store.stat(ref, { signal: stop.signal }))).toBe('content/aborted')
  })

  it('notices a body that breaks off', async () => {
    const { store } = await nodeThat((_, response) => {
      response.writeHead(200, { 'content-length': 10 })
      response.write('12345', () => response.destroy())
    })
    expect(await codeOf(() => collect(store.get(ref)))).toBe('content/store-unreachable')
  })

  it.each([
    ['fewer', '1234'],
    ['more', '123456'],
  ])('notices a range of %s bytes than asked for: content/short-read', async (_, text) => {
    const { store } = await nodeThat((_request, response) => {
      response.statusCode = 206
      response.end(text)
    })
    expect(await codeOf(() => collect(store.get(ref, { range: { start: 0, end: 5 } })))).toBe('content/short-read')
  })

  it('notices that a range was ignored: content/short-read', async () => {
    const { store } = await nodeThat((_, response) => void response.end('12345'))
    expect(await codeOf(() => collect(store.get(ref, { range: { start: 0, end: 5 } })))).toBe('content/short-read')
  })

  it('does not follow redirects', async () => {
    const { store } = await nodeThat((_, response) => {
      response.writeHead(302, { location: '/elsewhere' })
      response.end()
    })
    expect(await codeOf(() => collect(store.get(ref)))).toBe('content/store-unreachable')
  })

  it('says content/blob-not-found, and null for its receipt', async () => {
    const { store, asked } = await nodeThat(json(refusal, 404))
    expect(await codeOf(() => collect(store.get(ref)))).toBe('content/blob-not-found')
    expect(await store.stat(ref)).toBeNull()
    expect(asked()).toBe(2)
  })

  it('refuses answers of the wrong form', async () => {
    const { store } = await nodeThat(json({ have: [true, true] }))
    expect(await codeOf(() => store.has([ref]))).toBe('content/short-read')
    expect(await codeOf(() => store.put(ref, body))).toBe('protocol/bad-shape')
    const { store: talker } = await nodeThat((_, response) => void response.end('hello'))
    expect(await codeOf(() => talker.health())).toBe('content/store-refused')
    const { store: endless } = await nodeThat(json({ have: 'x'.repeat(100_000) }))
    expect(await codeOf(() => endless.has([ref]))).toBe('content/short-read')
  })

  it('notices that another node answers: content/bad-receipt', async () => {
    const { store } = await nodeThat(json({ address: newSigningKey().address, usedBytes: 0, freeBytes: 0 }))
    expect(await codeOf(() => store.health())).toBe('content/bad-receipt')
  })

  it('takes the fetch it is given', async () => {
    const seen: string[] = []
    const store = httpStore({
      url: 'http://store-of-the-relay',
      address: key.address,
      fetch: async (url, init) => {
        seen.push(`${init.method} ${url}`)
        return new Response(JSON.stringify(receipt))
      },
    })
    expect(await store.stat(ref)).toEqual(receipt)
    expect(seen).toEqual([`GET http://store-of-the-relay/blobs/${'11'.repeat(32)}/receipt`])
  })
})
