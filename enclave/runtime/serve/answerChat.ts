import {
  type AccessToken,
  type AllodError,
  accessTokenShape,
  concat,
  fromBase64Url,
  fromUtf8,
  isAllodError,
  type Receipt,
  sha256,
  signReceipt,
  toHex,
  utf8,
} from '@allod/protocol'
import { fail } from '../errors.ts'
import { nowSeconds } from '../nowSeconds.ts'
import type { OpenOrder } from '../OpenOrder.ts'
import { callEngine } from './callEngine.ts'
import type { Quotas, Spending } from './Quotas.ts'
import { type ReadBody, readBody } from './readBody.ts'

/** What an agent answers to: the OpenAI paths that make no sense to refuse. */
const paths: Readonly<Record<string, string>> = {
  '/v1/chat/completions': 'POST',
  '/v1/completions': 'POST',
  '/v1/embeddings': 'POST',
  '/v1/models': 'GET',
}
const MAX_BODY_BYTES = 1 << 20

/** A request as it was inside the seal. */
export type InnerCall = {
  readonly method: string
  readonly path: string
  readonly authorization: string | null
  readonly body: AsyncIterable<Uint8Array>
}

/** The answer, before it is sealed. */
export type InnerAnswer = {
  readonly status: number
  readonly contentType: string
  readonly body: AsyncIterable<Uint8Array>
}

/**
 * Answers one request of a token's holder: quota, policy, engine, receipt. Nothing of it is kept.
 * The receipt follows the body as one Server-Sent-Events comment, or comes as the member `allod_receipt` of a JSON answer.
 */
export async function answerChat(
  order: OpenOrder,
  socketPath: string,
  quotas: Quotas,
  call: InnerCall,
  signal: AbortSignal,
): Promise<InnerAnswer> {
  try {
    return await answer(order, socketPath, quotas, call, signal)
  } catch (error) {
    if (!isAllodError(error)) throw error
    const status = error.code === 'protocol/token-refused' ? 401 : 400
    return { status, contentType: 'application/json', body: once(utf8(errorDocument(error))) }
  }
}

function errorDocument(error: AllodError): string {
  const { code, message, hint } = error.toJSON()
  return JSON.stringify({ error: { message: `${message}: ${hint}`, type: 'invalid_request_error', param: null, code } })
}

async function answer(
  order: OpenOrder,
  socketPath: string,
  quotas: Quotas,
  call: InnerCall,
  signal: AbortSignal,
): Promise<InnerAnswer> {
  const { spec } = order.job
  const { serving } = order.terms
  if (paths[call.path] !== call.method)
    throw fail('path-refused', { actual: `${call.method} ${call.path}`.slice(0, 80) })
  if (spec.serve === null) throw fail('job-inconsistent', { meta: { part: 'serve' } })
  const token = tokenOf(call.authorization)
  quotas.admit(token, { order: order.job.order, issuer: spec.serve.tokenIssuer, now: nowSeconds() })
  const given = await collect(call.body, MAX_BODY_BYTES)
  const unstated = spec.engine.parameters.maxTokens
  const read = call.method === 'GET' ? nothing(given) : readBody(given, call.path, { serving, unstated })
  const spending = quotas.reserve(token, read.cost, nowSeconds())
  const { asked } = read
  let usage: Usage = { prompt: 0, completion: 0 }
  try {
    spending.bytes(given.length)
    usage = unknownUsage(asked, 0)
    const { status, contentType, ...engine } = await callEngine(socketPath, {
      ...{ method: call.method, path: call.path, body: read.toEngine(spending.maxTokens), signal },
    })
    if (contentType.startsWith('text/event-stream'))
      return { status, contentType, body: streamed(order, spending, asked, engine.body) }
    const whole = await collect(engine.body, 64 << 20)
    usage = usageOf(fromUtf8(whole))
    spending.bytes(whole.length)
    const isReceipted = status === 200 && call.method === 'POST'
    const signed = isReceipted ? withReceipt(whole, receiptOf(order, asked, whole, usage)) : whole
    spending.settle(usage.prompt + usage.completion)
    return { status, contentType, body: once(signed) }
  } catch (error) {
    spending.settle(usage.prompt + usage.completion)
    throw error
  }
}

const nothing = (asked: Uint8Array): ReadBody => ({
  asked,
  cost: { prompt: 0, answers: 0, wanted: 0 },
  toEngine: () => asked,
})

// A client that goes away early pays for what it was sent; one whose bytes are used up is told so, without a receipt.
async function* streamed(
  order: OpenOrder,
  spending: Spending,
  request: Uint8Array,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const parts: Uint8Array[] = []
  let usage: Usage | null = null
  try {
    for await (const piece of body) {
      spending.bytes(piece.length)
      parts.push(piece)
      yield piece
    }
    const whole = concat(...parts)
    usage = usageOf(
      fromUtf8(whole)
        .split('\n')
        .findLast((line) => line.includes('"usage":{')) ?? '',
    )
    yield utf8(`: allod-receipt ${JSON.stringify(receiptOf(order, request, whole, usage))}\n\n`)
  } catch (error) {
    if (!isAllodError(error, 'runtime/quota-used-up')) throw error
    // A piece may end within an event: an empty line ends that one first.
    yield utf8(`\n\ndata: ${errorDocument(error)}\n\n`)
  } finally {
    const { prompt, completion } = usage ?? unknownUsage(request, eventsOf(parts))
    spending.settle(prompt + completion)
  }
}

/** Server-Sent Events end with an empty line; bytes are counted, because a cut may fall within a letter. */
const eventsOf = (parts: readonly Uint8Array[]): number =>
  parts.reduce((sum, part) => sum + part.reduce((lines, byte) => lines + (byte === 10 ? 1 : 0), 0), 0) / 2

/** What an answer cost that did not live to say so: an event is about a token, and so are four bytes of a request. */
const unknownUsage = (request: Uint8Array, events: number): Usage => ({
  prompt: Math.ceil(request.length / 4),
  completion: Math.ceil(events),
})

function tokenOf(authorization: string | null): AccessToken {
  const encoded = /^Bearer ([A-Za-z0-9_-]{1,2000})$/.exec(authorization ?? '')?.[1]
  if (encoded === undefined) throw fail('token-missing')
  try {
    return accessTokenShape(JSON.parse(fromUtf8(fromBase64Url(encoded))))
  } catch (cause) {
    throw fail('token-missing', { cause })
  }
}

type Usage = { readonly prompt: number; readonly completion: number }

function usageOf(text: string): Usage {
  const figure = (name: string) => Number(new RegExp(`"${name}":(\\d{1,9})`).exec(text)?.[1] ?? 0)
  return { prompt: figure('prompt_tokens'), completion: figure('completion_tokens') }
}

function receiptOf({ job, opened, keys }: OpenOrder, request: Uint8Array, response: Uint8Array, usage: Usage): Receipt {
  const salt = crypto.getRandomValues(new Uint8Array(32))
  return signReceipt(keys.signing, {
    order: job.order,
    generation: job.generation,
    objects: opened.map((o) => o.objectId),
    engine: job.spec.engine.digest,
    salt: toHex(salt),
    requestHash: toHex(sha256(salt, sha256(request))),
    responseHash: toHex(sha256(salt, sha256(response))),
    promptTokens: usage.prompt,
    completionTokens: usage.completion,
    time: nowSeconds(),
  })
}

function withReceipt(whole: Uint8Array, receipt: Receipt): Uint8Array {
  return utf8(JSON.stringify({ ...(JSON.parse(fromUtf8(whole)) as object), allod_receipt: receipt }))
}

async function collect(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > maxBytes) throw fail('body-refused', { expected: `at most ${maxBytes} bytes` })
    parts.push(part)
  }
  return concat(...parts)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
