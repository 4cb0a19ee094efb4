import {
  concat,
  fromHex,
  fromUtf8,
  isAllodError,
  type Receipt,
  receiptShape,
  requireReceipt,
  sha256,
  toHex,
  utf8,
} from '@allod/protocol'
import { fail } from '../errors.ts'
import { parseEvent } from './events.ts'
import type { AgentVerdict } from './verifyAgent.ts'

/** A receipt and the bytes of the answer that it is for. */
export type FoundReceipt = { readonly receipt: Receipt; readonly answer: Uint8Array }

const MARK = utf8(': allod-receipt ')

/** The receipt that follows a stream of events as a comment; null where there is none. @throws sdk/bad-receipt */
export function receiptInEvents(pieces: readonly Uint8Array[]): FoundReceipt | null {
  const whole = concat(...pieces)
  const at = lastIndexOf(whole, MARK)
  if (at === -1) return null
  return { receipt: parse(fromUtf8(whole.subarray(at + MARK.length)).trim()), answer: whole.subarray(0, at) }
}

/** The receipt in a JSON answer, as its member `allod_receipt`; null where there is none. @throws sdk/bad-receipt */
export function receiptInJson(bytes: Uint8Array): FoundReceipt | null {
  const value = JSON.parse(fromUtf8(bytes)) as { allod_receipt?: unknown }
  if (value.allod_receipt === undefined) return null
  const { allod_receipt, ...answer } = value
  return { receipt: parse(JSON.stringify(allod_receipt)), answer: utf8(JSON.stringify(answer)) }
}

/**
 * Refuses a receipt that is not by this enclave, for this very question and answer, on the objects the card names.
 * @throws sdk/bad-receipt naming what differs
 */
export function checkReceipt(
  found: FoundReceipt | null,
  agent: AgentVerdict,
  request: Uint8Array,
): asserts found is FoundReceipt {
  // An enclave signs whatever it answers, so an answer without one was cut or is somebody else's.
  if (found === null) throw fail('bad-receipt', { expected: 'a receipt', actual: 'none', meta: { field: 'missing' } })
  const { receipt, answer } = found
  const pairs: readonly Pair[] = [
    ['order', agent.order, receipt.order],
    ['generation', agent.generation, receipt.generation],
    ['engine', agent.card.engine, receipt.engine],
    ['objects', [...agent.card.objects].sort().join(), [...receipt.objects].sort().join()],
    ...saltedPairs(receipt, request, answer),
  ]
  requireSame(pairs)
  try {
    requireReceipt(receipt, agent.enclave)
  } catch (cause) {
    if (!isAllodError(cause)) throw cause
    throw fail('bad-receipt', { cause, expected: agent.enclave, meta: { field: 'signature' } })
  }
}

type Pair = readonly [field: string, expected: unknown, actual: unknown]

function requireSame(pairs: readonly Pair[]): void {
  for (const [field, expected, actual] of pairs)
    if (expected !== actual) throw fail('bad-receipt', { expected, actual, meta: { field } })
}

function saltedPairs(receipt: Receipt, request: Uint8Array, answer: Uint8Array): readonly Pair[] {
  const salt = fromHex(receipt.salt, 32)
  const salted = (bytes: Uint8Array) => toHex(sha256(salt, sha256(bytes)))
  return [
    ['request', salted(request), receipt.requestHash],
    ['response', salted(answer), receipt.responseHash],
  ]
}

type Said = { readonly role: string; readonly content: string }

/**
 * What a receipt is for, read from the bytes that were kept beside it. Who signed it is for the caller to ask.
 * @throws sdk/bad-receipt where it is for other bytes, sdk/bad-answer
 */
export function readTranscript({ request, answer, receipt }: FoundReceipt & { readonly request: Uint8Array }): {
  readonly model: string
  readonly messages: readonly Said[]
  readonly text: string
} {
  requireSame(saltedPairs(receipt, request, answer))
  const { model, messages } = JSON.parse(fromUtf8(request)) as { model: string; messages: readonly Said[] }
  const events = fromUtf8(answer).split('\n\n').map(parseEvent)
  return { model, messages, text: events.map((e) => e?.choices?.[0]?.delta?.content ?? '').join('') }
}

function parse(text: string): Receipt {
  try {
    return receiptShape(JSON.parse(text))
  } catch (cause) {
    throw fail('bad-receipt', { cause, meta: { field: 'shape' } })
  }
}

function lastIndexOf(whole: Uint8Array, mark: Uint8Array): number {
  for (let at = whole.length - mark.length; at >= 0; at--)
    if (mark.every((byte, i) => whole[at + i] === byte)) return at
  return -1
}
