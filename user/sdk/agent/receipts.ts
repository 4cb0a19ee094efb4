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
  const salt = fromHex(receipt.salt, 32)
  const salted = (bytes: Uint8Array) => toHex(sha256(salt, sha256(bytes)))
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['order', agent.order, receipt.order],
    ['generation', agent.generation, receipt.generation],
    ['engine', agent.card.engine, receipt.engine],
    ['objects', [...agent.card.objects].sort().join(), [...receipt.objects].sort().join()],
    ['request', salted(request), receipt.requestHash],
    ['response', salted(answer), receipt.responseHash],
  ]
  for (const [field, expected, actual] of pairs)
    if (expected !== actual) throw fail('bad-receipt', { expected, actual, meta: { field } })
  try {
    requireReceipt(receipt, agent.enclave)
  } catch (cause) {
    if (!isAllodError(cause)) throw cause
    throw fail('bad-receipt', { cause, expected: agent.enclave, meta: { field: 'signature' } })
  }
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
