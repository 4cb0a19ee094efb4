import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { integer, record } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { fail } from '../errors.ts'
import { type Answer, type Call, serveJson } from './serveJson.ts'

async function serve(answer: (call: Call) => Promise<Answer>) {
  const server = createServer(serveJson(answer))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  return { url, port, server, [Symbol.asyncDispose]: async () => void server.close().closeAllConnections() }
}
/** What is written to stderr meanwhile. */
function stderrText() {
  const write = process.stderr.write
  const log = {
    text: '',
    [Symbol.dispose]() {
      process.stderr.write = write
    },
  }
  process.stderr.write = (words: string | Uint8Array) => {
    log.text += String(words)
    return true
  }
  return log
}
const echo = async ({ method, path, body }: Call): Promise<Answer> => ({
  json: `${method} ${path} ${JSON.stringify(body)}`,
})

describe('an API over HTTP', () => {
  test('answers with JSON', async () => {
    await using served = await serve(echo)
    const response = await fetch(`${served.url}/a?b=c`, { method: 'POST', body: '{"x":1}' })
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toBe('POST /a {"x":1}')
  })

  test('takes an empty body for none', async () => {
    await using served = await serve(echo)
    expect(await (await fetch(served.url, { method: 'POST' })).json()).toBe('POST / null')
  })

  test('answers with lines as they happen', async () => {
    await using served = await serve(async () => ({
      lines: (async function* () {
        yield { seq: 0 }
        yield { seq: 1 }
      })(),
    }))
    const response = await fetch(served.url)
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    expect(await response.text()).toBe('{"seq":0}\n{"seq":1}\n')
  })

  test('refuses a body over 4 MiB with provider/body-too-large', async () => {
    let calls = 0
    await using served = await serve(async () => ({ json: ++calls }))
    const response = await fetch(served.url, { method: 'POST', body: JSON.stringify('x'.repeat(4 << 20)) })
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ code: 'provider/body-too-large', meta: { expected: 4 << 20 } })
    expect(calls).toBe(0)
  })

  test.each([
    ['not-found', 404],
    ['order-unknown', 404],
    ['busy', 503],
    ['order-not-open', 400],
  ] as const)('answers provider/%s with status %d and what to do', async (name, status) => {
    await using served = await serve(async () => {
      throw fail(name, { actual: 'this' })
    })
    const response = await fetch(served.url)
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual(fail(name, { actual: 'this' }).toJSON())
  })

  test('has provider/not-found at what is no address, and no word of it for its log', async () => {
    await using served = await serve(echo)
    using log = stderrText()
    const socket = connect(served.port, '127.0.0.1')
    socket.write('GET // HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    expect(await text(socket)).toMatch(/^HTTP\/1.1 404 [\s\S]*provider\/not-found/)
    expect(log.text).toBe('')
  })

  test('has no word for its log of a request that is broken off', async () => {
    await using served = await serve(echo)
    using log = stderrText()
    const socket = connect(served.port, '127.0.0.1')
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{')
    const [request] = (await once(served.server, 'request')) as [IncomingMessage]
    const closed = new Promise((resolve) => request.once('close', resolve))
    socket.destroy()
    await closed
    await new Promise(setImmediate)
    expect([request.errored, log.text]).toEqual([expect.any(Error), ''])
  })

  test('hands on a body that is not JSON as nothing, which every shape refuses', async () => {
    const shape = record({ x: integer() })
    await using served = await serve(async ({ body }) => ({ json: shape(body) }))
    const response = await fetch(served.url, { method: 'POST', body: '{' })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'protocol/bad-shape' })
  })
})
