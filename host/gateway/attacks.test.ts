import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect, type SealedRequest, sealRequest } from '@allod/channel'
import { fromUtf8, type Hex, isAllodError, utf8 } from '@allod/protocol'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Agent, startAgent } from './testing/startAgent.ts'

/*
 * What an evil gateway can do: it sees and may change every byte. Each test names what it does to the stream and the
 * code with which the client, or the enclave, refuses.
 */

const order: Hex = `0x${'01'.repeat(32)}`
let folder: string
let agent: Agent
let evilTwin: Agent
let server: Server | null = null

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'attacks-'))
  agent = await startAgent(folder, 'agent', order)
  // Runs the same code for the same order, but with a key of its own that no evidence names.
  evilTwin = await startAgent(folder, 'twin', order)
})
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})
afterAll(async () => {
  await agent.stop()
  await evilTwin.stop()
  rmSync(folder, { recursive: true })
})

type Evil = {
  readonly to?: Agent
  readonly request?: (bytes: Uint8Array) => Uint8Array
  readonly response?: (bytes: Uint8Array) => Uint8Array
}

/** An evil gateway's URL. */
async function evil({ to = agent, request = (b) => b, response = (b) => b }: Evil): Promise<string> {
  server = createServer(async (req, res) => {
    const asked = request(await collect(req, 1e7))
    const answer = await post(to.socket, asked)
    res.end(response(answer))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server?.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

async function post(socketPath: string, body: Uint8Array): Promise<Uint8Array> {
  const { request } = await import('node:http')
  return new Promise((resolve, reject) => {
    const out = request({ socketPath, method: 'POST', path: '/sealed' }, (res) => resolve(collect(res, 1e7)))
    out.on('error', reject)
    out.end(body)
  })
}

const ask = (text = 'what is my tax'): Promise<SealedRequest> =>
  sealRequest({ ...agent.key, serviceKey: agent.key.publicKey }, { method: 'POST', path: '/v1/chat', body: utf8(text) })

/** The client's whole way: seal, send, open. */
async function chat(url: string, sealed?: SealedRequest): Promise<string> {
  const question = sealed ?? (await ask())
  const answer = await fetch(url, { method: 'POST', body: await collect(question.body, 1e6) })
  const { body } = await question.openResponse(answer.body ?? new Uint8Array())
  return fromUtf8(await collect(body, 1e6))
}

const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => value,
    (error: unknown) => (isAllodError(error) ? error.code : error),
  )

/** Where the response's chunks lie: each of 1 KiB, varint and tag, behind a nonce of 32 bytes. */
const CHUNK_BYTES = 2 + 1024 + 16
const chunk = (bytes: Uint8Array, i: number): Uint8Array =>
  bytes.subarray(32 + i * CHUNK_BYTES, 32 + (i + 1) * CHUNK_BYTES)

test('an honest gateway, to compare with', async () => {
  expect(await chat(await evil({}))).toBe('what is my tax ')
})

test('swaps the upstream for an enclave of its own', async () => {
  expect(await refusal(chat(await evil({ to: evilTwin })))).toMatch(/^channel\/sealed-/)
  expect(evilTwin.refused.at(-1)).toBe('channel/unknown-service-key')
})

test('answers by itself', async () => {
  const forged = utf8(JSON.stringify({ choices: [{ message: { content: 'trust me' } }] }))
  expect(await refusal(chat(await evil({ response: () => forged })))).toBe('channel/sealed-truncated')
  const long = new Uint8Array(5000).fill(7)
  expect(await refusal(chat(await evil({ response: () => long })))).toBe('channel/sealed-chunk-refused')
})

test('cuts the answer after every chunk', async () => {
  for (let count = 0; count < 6; count++)
    expect(await refusal(chat(await evil({ response: (bytes) => bytes.subarray(0, 32 + count * CHUNK_BYTES) })))).toBe(
      'channel/sealed-truncated',
    )
})

test('swaps two chunks, repeats one, leaves one out, changes one bit', async () => {
  const changes: ((b: Uint8Array) => Uint8Array)[] = [
    (b) => Buffer.concat([b.subarray(0, 32), chunk(b, 1), chunk(b, 0), b.subarray(32 + 2 * CHUNK_BYTES)]),
    (b) => Buffer.concat([b.subarray(0, 32), chunk(b, 0), chunk(b, 0), b.subarray(32 + CHUNK_BYTES)]),
    (b) => Buffer.concat([b.subarray(0, 32 + CHUNK_BYTES), b.subarray(32 + 2 * CHUNK_BYTES)]),
    (b) => b.map((byte, i) => (i === 500 ? byte ^ 0x20 : byte)),
    (b) => Buffer.concat([b, b.subarray(-1041)]),
  ]
  for (const response of changes)
    expect(await refusal(chat(await evil({ response })))).toBe('channel/sealed-chunk-refused')
})

test('plays back the answer to an earlier question', async () => {
  let kept: Uint8Array | null = null
  const url = await evil({
    response: (bytes) => {
      kept ??= bytes
      return kept
    },
  })
  expect(await chat(url)).toBe('what is my tax ')
  expect(await refusal(chat(url))).toBe('channel/sealed-chunk-refused')
})

test('asks the same question again, to see whether the answer differs', async () => {
  let copy: Uint8Array = new Uint8Array()
  const url = await evil({
    request: (bytes) => {
      copy = bytes
      return bytes
    },
  })
  expect(await chat(url)).toBe('what is my tax ')
  expect(fromUtf8(await post(agent.socket, copy))).toContain('channel/replayed-request')
  expect(agent.refused.at(-1)).toBe('channel/replayed-request')
})

test('cuts or changes the question', async () => {
  await refusal(chat(await evil({ request: (bytes) => bytes.subarray(0, -300) })))
  expect(agent.refused.at(-1)).toBe('channel/sealed-truncated')
  server?.close()
  await refusal(chat(await evil({ request: (bytes) => bytes.map((byte, i) => (i === 1300 ? byte ^ 1 : byte)) })))
  expect(agent.refused.at(-1)).toBe('channel/sealed-chunk-refused')
})
