import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  fromHex,
  fromUtf8,
  type Hex,
  issueAccessToken,
  type Receipt,
  receiptShape,
  requireReceipt,
  sha256,
  toBase64Url,
  toHex,
  utf8,
} from '@allod/protocol'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { nowSeconds } from '../nowSeconds.ts'
import type { OpenOrder } from '../OpenOrder.ts'
import { makePlaces } from '../places.ts'
import { newOpenOrder } from '../testing/newOpenOrder.ts'
import { newOrder } from '../testing/newOrder.ts'
import { answerChat, type InnerCall } from './answerChat.ts'
import { Quotas } from './Quotas.ts'

const made = await newOrder({ kind: 'serve' })
const base = mkdtempSync(join(tmpdir(), 'allod-chat-'))
const socketPath = join(base, 'engine.sock')
const answerText = '{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5}}'
const streamText = `data: {"choices":[]}\n\ndata: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5}}\n\ndata: [DONE]\n\n`

/** What the engine was asked: a real server at a real socket, which knows no model. */
let asked: { path: string | undefined; body: string; headers: string }[] = []
let engine: Server
let order: OpenOrder
beforeAll(async () => {
  order = newOpenOrder(made, makePlaces(base))
  engine = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += String(part)
    asked.push({ path: request.url, body, headers: JSON.stringify(request.headers) })
    const isStream = body.includes('"stream":true')
    response.setHeader('content-type', isStream ? 'text/event-stream' : 'application/json')
    response.end(isStream ? streamText : answerText)
  })
  await new Promise<void>((resolve) => engine.listen(socketPath, resolve))
})
afterAll(() => {
  engine.close()
  rmSync(base, { recursive: true, force: true })
})

const PLENTY = { tokensPerDay: 1000, bytesPerDay: 1 << 20 }
let quotas: Quotas
beforeEach(() => {
  asked = []
  quotas = new Quotas({ requestsPerMinute: 3, ...PLENTY })
})

const token = (quota = 100, id: Hex = `0x${'aa'.repeat(16)}`) => {
  const issued = issueAccessToken(made.owner, { order: made.job.order, id, quota, expiry: nowSeconds() + 600 })
  return `Bearer ${toBase64Url(utf8(JSON.stringify(issued)))}`
}

type Asked = Partial<Omit<InnerCall, 'body'>> & { readonly body?: string }

async function chat({ body = '{"messages":[]}', ...change }: Asked = {}, of = order) {
  const pieces = async function* () {
    yield utf8(body)
  }
  const call = { method: 'POST', path: '/v1/chat/completions', authorization: token(), ...change, body: pieces() }
  const answer = await answerChat(of, socketPath, quotas, call, new AbortController().signal)
  let text = ''
  for await (const piece of answer.body) text += fromUtf8(piece)
  return { status: answer.status, text }
}

/** The code of a refusal, which must not have reached the engine. */
async function refused(change: Asked): Promise<string> {
  const before = asked.length
  const { status, text } = await chat(change)
  expect([400, 401]).toContain(status)
  expect(asked).toHaveLength(before)
  return (JSON.parse(text) as { error: { code: string } }).error.code
}

function requireHashes(receipt: Receipt, request: string, response: string): void {
  const salted = (text: string) => {
    const salt = fromHex(receipt.salt, 32)
    return toHex(sha256(salt, sha256(utf8(text))))
  }
  requireReceipt(receiptShape(receipt), made.keys.signing.address)
  expect(receipt).toMatchObject({
    order: made.job.order,
    objects: [made.objectId],
    promptTokens: 7,
    completionTokens: 5,
  })
  expect([receipt.requestHash, receipt.responseHash]).toEqual([salted(request), salted(response)])
}

test('answers with a receipt for what was asked and what came from the engine', async () => {
  const { status, text } = await chat()
  const { allod_receipt: receipt, ...rest } = JSON.parse(text) as { allod_receipt: Receipt }
  expect([status, JSON.stringify(rest)]).toEqual([200, answerText])
  requireHashes(receipt, '{"messages":[]}', answerText)
  expect(asked[0]?.headers).not.toContain('Bearer')
})

test('streams with a receipt as the last comment, and always asks for the usage', async () => {
  const { text } = await chat({ body: '{"stream":true,"stream_options":{"include_usage":false}}' })
  const [body, receipt] = text.split(': allod-receipt ')
  expect(body).toBe(streamText)
  const sent = '{"stream":true,"stream_options":{"include_usage":true}}'
  expect(JSON.parse(asked[0]?.body ?? '')).toMatchObject(JSON.parse(sent) as object)
  requireHashes(JSON.parse(receipt ?? '') as Receipt, sent, streamText)
})

test('lists models without a receipt', async () => {
  expect(await chat({ method: 'GET', path: '/v1/models', body: '' })).toEqual({ status: 200, text: answerText })
})

test.each<[string, Asked]>([
  ['none', { authorization: null }],
  ['another scheme', { authorization: 'Basic abc' }],
  ['no JSON', { authorization: 'Bearer abc' }],
  ['another document', { authorization: `Bearer ${toBase64Url(utf8('{}'))}` }],
])('asks for a token where there is %s', async (_, change) => {
  expect(await refused(change)).toBe('runtime/token-missing')
})

test('refuses a token by another issuer with 401', async () => {
  const { authorization } = { authorization: token() }
  const [, encoded = ''] = authorization.split(' ')
  const other = JSON.parse(Buffer.from(encoded, 'base64url').toString()) as { quota: number }
  const forged = `Bearer ${toBase64Url(utf8(JSON.stringify({ ...other, quota: 1e6 })))}`
  const { status, text } = await chat({ authorization: forged })
  expect([status, text.includes('protocol/token-refused')]).toEqual([401, true])
})

test('ends when a token’s quota is used up', async () => {
  const authorization = token(20)
  expect((await chat({ authorization })).status).toBe(200)
  expect(await refused({ authorization })).toBe('runtime/quota-used-up')
})

test('ends when a stream used the quota up', async () => {
  const authorization = token(20)
  await chat({ authorization, body: '{"stream":true}' })
  expect(await refused({ authorization })).toBe('runtime/quota-used-up')
})

test('a client that goes away in the middle of a stream pays for what it was sent', async () => {
  const authorization = token(17)
  const pieces = async function* () {
    yield utf8('{"stream":true}')
  }
  const call = { method: 'POST', path: '/v1/chat/completions', authorization, body: pieces() }
  const { body } = await answerChat(order, socketPath, quotas, call, new AbortController().signal)
  for await (const piece of body) {
    expect(piece.length).toBeGreaterThan(0)
    break
  }
  expect(await refused({ authorization })).toBe('runtime/quota-used-up')
})

test('asks the engine for no more than is left, and signs for what the client asked', async () => {
  const body = '{"max_tokens":100,"n":2}'
  const { text } = await chat({ body, authorization: token(body.length + 21) })
  expect(asked[0]?.body).toBe('{"max_tokens":10,"n":2}')
  const { allod_receipt: receipt, ...rest } = JSON.parse(text) as { allod_receipt: Receipt }
  requireHashes(receipt, body, JSON.stringify(rest))
})

test('a token of a small quota gets an answer to a short question', async () => {
  const body =
    '{"model":"agent","stream":false,"temperature":0.7,"top_p":0.9,"messages":[{"role":"user","content":"hello"}]}'
  expect((await chat({ body, authorization: token(100) })).status).toBe(200)
})

test.each([
  ['a long prompt', '/v1/chat/completions', `{"messages":[],"user":"${'a'.repeat(60)}","max_tokens":1}`],
  ['many choices', '/v1/chat/completions', '{"messages":[],"max_tokens":9,"n":8}'],
  ['many prompts', '/v1/completions', `{"prompt":${JSON.stringify(Array(16).fill('abc'))},"max_tokens":1}`],
  ['embeddings', '/v1/embeddings', `{"input":"${'a'.repeat(70)}"}`],
])('the second of two requests at once waits for the quota of the first: %s', async (_, path, body) => {
  const open = { ...order, terms: { ...order.terms, serving: { ...order.terms.serving, embeddings: true } } }
  const authorization = token(128)
  const answers = await Promise.all([1, 2].map(() => chat({ path, body, authorization }, open)))
  expect(answers.map((a) => a.status).sort()).toEqual([200, 400])
  expect(answers.find((a) => a.status === 400)?.text).toContain('runtime/quota-used-up')
  expect(asked).toHaveLength(1)
})

const ASKED = '{"stream":true}'

test('breaks a stream off where the day’s bytes are used up, says so, and gives no receipt', async () => {
  quotas = new Quotas({ requestsPerMinute: 3, ...PLENTY, bytesPerDay: ASKED.length + streamText.length - 1 })
  const { text } = await chat({ body: ASKED })
  expect(text).toContain('runtime/quota-used-up')
  expect(text).not.toContain('allod-receipt')
  expect(text).not.toContain('[DONE]')
})

test('two streams at once share a day’s bytes', async () => {
  const each = ASKED.length + streamText.length
  quotas = new Quotas({ requestsPerMinute: 3, ...PLENTY, bytesPerDay: 2 * each - 1 })
  const [a, b] = await Promise.all([chat({ body: ASKED }), chat({ body: ASKED })])
  expect([a, b].filter(({ text }) => text.includes('allod-receipt'))).toHaveLength(1)
})

test('refuses a whole answer that the day’s bytes do not hold, and a request', async () => {
  quotas = new Quotas({ requestsPerMinute: 3, ...PLENTY, bytesPerDay: 20 })
  const { status, text } = await chat()
  expect([status, asked.length, text.includes('runtime/quota-used-up')]).toEqual([400, 1, true])
  expect(await refused({ body: `{"user":"${'a'.repeat(20)}"}` })).toBe('runtime/quota-used-up')
})

test('counts requests, refused ones too', async () => {
  quotas = new Quotas({ requestsPerMinute: 1, ...PLENTY })
  // The turn of a minute may let one more in, and never two.
  const codes = []
  for (let i = 0; i < 4; i++) codes.push(await refused({ body: 'no JSON' }))
  expect(codes).toContain('runtime/too-many-requests')
})

test.each<Asked>([
  { path: '/v1/files' },
  { path: '/' },
  { path: '/v1/chat/completions', method: 'GET' },
  { path: '/v1/chat/completions?x' },
  { path: '__proto__' },
])('does not answer at $path $method', async (change) => {
  expect(await refused(change)).toBe('runtime/path-refused')
})

test.each([
  ['no JSON', 'no JSON'],
  ['null', 'null'],
  ['a list', '[]'],
  ['text', '"text"'],
  ['too long', `{"a":"${'a'.repeat(1 << 20)}"}`],
])('refuses a body that is %s', async (_, body) => {
  expect(await refused({ body })).toBe('runtime/body-refused')
})

test('forbids what a policy does not allow', async () => {
  for (const logprobs of ['true', '5', '0'])
    expect(await refused({ body: `{"logprobs":${logprobs}}` })).toBe('runtime/policy-forbids')
  quotas = new Quotas({ requestsPerMinute: 3, ...PLENTY })
  expect(await refused({ path: '/v1/embeddings', body: '{"input":"a"}' })).toBe('runtime/policy-forbids')
  expect((await chat({ body: '{"logprobs":false}' })).status).toBe(200)
})
