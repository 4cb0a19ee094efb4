import { equalBytes, utf8 } from '@allod/protocol'
import { u16, u32 } from '../../littleEndian.ts'
import { fail } from '../errors.ts'
import { type EventLog, MAX_EVENTS, type MeasuredEvent, REGISTERS } from './measuredEvent.ts'

const SIGNATURE = utf8('Spec ID Event03\0')
/** Register, type, SHA-1 digest, size: the one event of the old form with which the log begins. */
const HEADER_BYTES = 32
const NO_ACTION = 3
const SHA384 = 0x0c
const DIGEST_BYTES = 48
/** Register, type, count of digests, algorithm, digest, size. */
const EVENT_BYTES = 12 + 2 + DIGEST_BYTES + 4
const UNUSED = 0xff

/** True for bytes that begin as a crypto-agile log does. */
export const isCcel = (bytes: Uint8Array): boolean =>
  bytes.length >= HEADER_BYTES + SIGNATURE.length &&
  u32(bytes, 4) === NO_ACTION &&
  equalBytes(bytes.subarray(HEADER_BYTES, HEADER_BYTES + SIGNATURE.length), SIGNATURE)

/**
 * Reads the firmware's log, a TCG crypto-agile log (PC Client Platform Firmware Profile, 10.2) in which register n+1 is
 * RTMRn (UEFI 2.10, 38.4.1) and SHA-384 the only bank. What the firmware left unused is filled with 0xff.
 * @throws tdx/bad-event-log
 */
export function parseCcel(bytes: Uint8Array): EventLog {
  const events: MeasuredEvent[] = []
  for (let at = parseSpecId(bytes); at < bytes.length && bytes[at] !== UNUSED; ) {
    if (events.length === MAX_EVENTS) throw bad(`at most ${MAX_EVENTS} events`, at)
    if (bytes.length - at < EVENT_BYTES) throw bad('a whole event', at)
    const index = u32(bytes, at)
    const register = REGISTERS.find((r) => r + 1 === index)
    if (register === undefined) throw bad('register 1 to 4', at)
    if (u32(bytes, at + 8) !== 1 || u16(bytes, at + 12) !== SHA384) throw bad('one SHA-384 digest', at)
    const sizeBytes = u32(bytes, at + EVENT_BYTES - 4)
    if (sizeBytes > bytes.length - at - EVENT_BYTES) throw bad('an event of the stated size', at)
    // Events of this type inform and are not extended.
    if (u32(bytes, at + 4) !== NO_ACTION)
      events.push({ register, digest: bytes.subarray(at + 14, at + 14 + DIGEST_BYTES) })
    at += EVENT_BYTES + sizeBytes
    if (bytes[at] === UNUSED) requireUnused(bytes, at)
  }
  return events
}

// TCG_EfiSpecIDEvent: signature, platform class, versions, size of integers, algorithms, vendor information.
function parseSpecId(bytes: Uint8Array): number {
  const sizeBytes = u32(bytes, HEADER_BYTES - 4)
  const end = HEADER_BYTES + sizeBytes
  if (end > bytes.length || sizeBytes < 33) throw bad('a specification id', 0)
  const algorithmsAt = HEADER_BYTES + 24
  if (u32(bytes, algorithmsAt) !== 1 || u16(bytes, algorithmsAt + 4) !== SHA384)
    throw bad('SHA-384 alone', algorithmsAt)
  if (u16(bytes, algorithmsAt + 6) !== DIGEST_BYTES) throw bad('48 bytes a digest', algorithmsAt)
  if (algorithmsAt + 9 + (bytes[algorithmsAt + 8] as number) !== end) throw bad('a specification id of its size', 0)
  return end
}

function requireUnused(bytes: Uint8Array, at: number): void {
  if (bytes.subarray(at).some((b) => b !== UNUSED)) throw bad('0xff to the end', at)
}

const bad = (expected: string, at: number) => fail('bad-event-log', { expected, meta: { at } })
