import { collect, SEALED_REQUEST_TYPE, sealRequest } from '@allod/channel'
import { type AccessToken, errorFromJson, fromHex, fromUtf8, isAllodError, type Receipt, utf8 } from '@allod/protocol'
import type { Allod } from '../allod.ts'
import { fail } from '../errors.ts'
import { piecesWithin, within } from '../wire/within.ts'
import { parseEvent } from './events.ts'
import { checkReceipt, receiptInEvents, receiptInJson } from './receipts.ts'
import { encodeToken } from './token.ts'
import { type AgentVerdict, requireAgent } from './verifyAgent.ts'

/** One message of a conversation. */
export type Message = { readonly role: 'system' | 'user' | 'assistant'; readonly content: string }

export type ChatOptions = {
  readonly token: AccessToken
  readonly messages: readonly Message[]
  /** `tuned`, or `base` to compare. */
  readonly model?: string
  readonly maxTokens?: number
  readonly temperature?: number
  readonly seed?: number
  readonly signal?: AbortSignal
  /** Gives up when nothing came for so long; four minutes unless told. */
  readonly idleMs?: number
}

/** A whole answer. One without the enclave's receipt, or with one that does not hold, is refused. */
export type ChatAnswer = {
  readonly text: string
  readonly finishReason: string
  readonly promptTokens: number
  readonly completionTokens: number
  readonly receipt: Receipt
  /** The bytes that the receipt is for: whoever has them and it can tell what was asked and said. */
  readonly request: Uint8Array
  readonly answer: Uint8Array
}

/** A piece of an answer as it is written, and at the end the whole. */
export type ChatEvent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'done'; readonly answer: ChatAnswer }

const MAX_REQUEST_BYTES = 1 << 20
const MAX_ANSWER_BYTES = 16 << 20
/** Longer than an enclave waits for its engine, so that it is the enclave that says what happened. */
const IDLE_MS = 240_000

/**
 * Asks a verified agent and gives the answer as it comes. Question and answer are sealed between this device and the attested
 * key; the gateway carries ciphertext.
 * @throws sdk/agent-refused, sdk/verdict-expired, sdk/agent-error with the agent's own code, sdk/agent-silent, sdk/bad-receipt,
 *   channel/…
 */
export async function* chat(
  allod: Pick<Allod, 'fetch' | 'network'>,
  agent: AgentVerdict,
  options: ChatOptions,
): AsyncGenerator<ChatEvent, void> {
  requireAgent(agent)
  if (agent.validUntil <= Date.now() / 1000) throw fail('verdict-expired', { actual: agent.validUntil })
  const request = requestBody(options)
  const { status, body } = await exchange(allod, agent, request, options)
  const received: Uint8Array[] = []
  const decoder = new TextDecoder()
  let rest = ''
  let text = ''
  let finishReason = ''
  let usage = { prompt_tokens: 0, completion_tokens: 0 }
  let size = 0
  for await (const piece of body) {
    size += piece.length
    if (size > MAX_ANSWER_BYTES) throw fail('bad-answer', { expected: `at most ${MAX_ANSWER_BYTES} bytes` })
    received.push(piece)
    if (status !== 200) continue
    rest += decoder.decode(piece, { stream: true })
    const events = rest.split('\n\n')
    rest = events.pop() ?? ''
    for (const event of events.map(parseEvent).filter((e) => e !== null)) {
      const [choice] = event.choices ?? []
      usage = event.usage ?? usage
      finishReason = choice?.finish_reason ?? finishReason
      const delta = choice?.delta?.content ?? ''
      if (delta === '') continue
      text += delta
      yield { kind: 'text', text: delta }
    }
  }
  if (status !== 200) throw agentError(status, received)
  const found = receiptInEvents(received)
  checkReceipt(found, agent, request)
  yield {
    kind: 'done',
    answer: {
      text,
      finishReason,
      promptTokens: usage.prompt_tokens,
      completionTokens: usage.completion_tokens,
      ...found,
      request,
    },
  }
}

/** As `chat`, the whole answer at once. */
export async function ask(
  allod: Pick<Allod, 'fetch' | 'network'>,
  agent: AgentVerdict,
  options: ChatOptions,
): Promise<ChatAnswer> {
  for await (const event of chat(allod, agent, options)) if (event.kind === 'done') return event.answer
  throw fail('bad-answer', { expected: 'an end' })
}

/** Any other request to an agent: a path of the OpenAI API and a JSON body. Gives the parsed answer and its receipt. */
export async function callAgent(
  allod: Pick<Allod, 'fetch' | 'network'>,
  agent: AgentVerdict,
  { method, path, body, token, signal, idleMs }: CallOptions,
): Promise<{ readonly json: unknown; readonly receipt: Receipt | null }> {
  requireAgent(agent)
  const request = body === undefined ? new Uint8Array() : utf8(JSON.stringify(body))
  const { status, body: answer } = await exchange(allod, agent, request, { token, method, path, signal, idleMs })
  const bytes = await collect(answer, MAX_ANSWER_BYTES)
  if (status !== 200) throw agentError(status, [bytes])
  const found = receiptInJson(bytes)
  if (method === 'POST') checkReceipt(found, agent, request)
  return { json: JSON.parse(fromUtf8(bytes)), receipt: found?.receipt ?? null }
}

export type CallOptions = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: unknown
  readonly token: AccessToken
  readonly signal?: AbortSignal
  /** As of `chat`. */
  readonly idleMs?: number
}

// Streaming answers always carry usage, so the body is the same that the enclave hands on and signs for.
const requestBody = ({ messages, model = 'tuned', maxTokens, temperature, seed }: ChatOptions): Uint8Array =>
  utf8(
    JSON.stringify({
      model,
      messages,
      stream: true,
      ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
      ...(temperature === undefined ? {} : { temperature }),
      ...(seed === undefined ? {} : { seed }),
      stream_options: { include_usage: true },
    }),
  )

type Sent = {
  readonly token: AccessToken
  readonly method?: 'GET' | 'POST'
  readonly path?: string
  readonly signal?: AbortSignal | undefined
  readonly idleMs?: number | undefined
}

async function exchange(
  { fetch, network }: Pick<Allod, 'fetch' | 'network'>,
  agent: AgentVerdict,
  body: Uint8Array,
  { token, method = 'POST', path = '/v1/chat/completions', signal, idleMs = IDLE_MS }: Sent,
): Promise<{ readonly status: number; readonly body: AsyncIterable<Uint8Array> }> {
  const identity = {
    serviceKey: fromHex(agent.serviceKey),
    orderId: agent.order,
    bundleHash: agent.evidenceHash,
  }
  const headers = [
    ['content-type', 'application/json'],
    ['authorization', `Bearer ${encodeToken(token)}`],
  ] as const
  const sealed = await sealRequest(identity, { method, path, headers, body })
  const url = `${network.gateway.url}/o/${agent.order}/sealed?generation=${agent.generation}`
  const stop = new AbortController()
  const late = (): Error => fail('agent-silent', { expected: `something within ${idleMs} ms` })
  const asked = fetch(url, {
    method: 'POST',
    headers: { 'content-type': SEALED_REQUEST_TYPE },
    body: (await collect(sealed.body, MAX_REQUEST_BYTES)) as Uint8Array<ArrayBuffer>,
    redirect: 'error',
    signal: signal ? AbortSignal.any([stop.signal, signal]) : stop.signal,
  })
  const response = await within(idleMs, asked, late).catch((cause: unknown) => {
    stop.abort()
    throw isAllodError(cause) ? cause : fail('gateway-unreachable', { cause, actual: network.gateway.url })
  })
  if (!response.ok || response.body === null)
    throw errorFromJson(await within(idleMs, response.json(), late).catch(() => null))
  const opened = await sealed.openResponse(piecesWithin(idleMs, response.body, late))
  return { status: opened.head.status, body: opened.body }
}

function agentError(status: number, received: readonly Uint8Array[]): Error {
  try {
    const { error } = JSON.parse(received.map(fromUtf8).join('')) as { error: { code: string; message: string } }
    return fail('agent-error', { actual: error.code, meta: { status, says: String(error.message).slice(0, 300) } })
  } catch (cause) {
    if (isAllodError(cause)) return cause
    return fail('agent-error', { actual: status, cause })
  }
}
