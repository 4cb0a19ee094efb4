import { concat, fromHex, integer, text, utf8 } from '@allod/protocol'
import { fieldsOf, items, parseAs } from '../collateralFields.ts'
import { fail } from '../errors.ts'
import { parseStrictJson } from '../strictJson.ts'
import { type EventLog, MAX_EVENTS, type MeasuredEvent, REGISTERS } from './measuredEvent.ts'

const MAX_BYTES = 1 << 20
/** Events that the guest itself measures into RTMR3. */
const RUNTIME_EVENT = 0x08000001
const HEX = /^(?:[0-9a-f]{2})*$/

/**
 * Reads a log as dstack writes it: a JSON list of `imr`, `event_type`, `digest`, `event` and `event_payload`, over all four
 * registers. A runtime event's digest is of its own words and may be left out, so that name and payload are proven by the
 * register; of all others only the digest is.
 * @throws tdx/bad-event-log
 */
export const parseRuntimeEvents = (bytes: Uint8Array): EventLog =>
  parseAs(
    (cause) => fail('bad-event-log', { cause }),
    () => items(parseStrictJson(bytes, MAX_BYTES), MAX_EVENTS, 'log').map((v, i) => measured(v, `log[${i}]`)),
  )

function measured(value: unknown, path: string): MeasuredEvent {
  const { get } = fieldsOf(value, path)
  const register = REGISTERS[get('imr', integer(0, 3))] ?? 0
  const type = get('event_type', integer(0, 0xffffffff))
  const stated = fromHex(`0x${get('digest', text(96, /^(?:[0-9a-f]{96})?$/))}`)
  const name = get('event', text(256))
  const payload = fromHex(`0x${get('event_payload', text(1 << 17, HEX))}`)
  if (type !== RUNTIME_EVENT) {
    if (stated.length === 0) throw fail('bad-event-log', { expected: 'a digest', meta: { path } })
    return { register, digest: stated }
  }
  return { register, digest: stated.length === 0 ? null : stated, words: wordsOf(type, name, payload) }
}

// The digest is SHA-384(type, 32 bits little-endian ‖ ":" ‖ name ‖ ":" ‖ payload).
function wordsOf(type: number, name: string, payload: Uint8Array): Uint8Array {
  const le = new Uint8Array(4)
  new DataView(le.buffer).setUint32(0, type, true)
  return concat(le, utf8(`:${name}:`), payload)
}
