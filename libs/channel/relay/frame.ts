import { RESET_REASONS, type ResetReason } from '../ByteDuplex.ts'
import { relayFail } from '../errors.ts'

/** Both sides say this first, so that a wrong socket is noticed before any frame. */
export const PREFACE = Uint8Array.of(0x61, 0x6c, 0x6c, 0x6f, 0x64, 0x72, 0x6c, 0x01)

/** u8 kind · u8 opener (1: the sender of the frame opened the stream) · u16 zero · u32 stream id · u32 value. */
export const HEADER_BYTES = 12

/** A DATA frame carries at most this much, so that one stream never holds the channel for long. */
export const MAX_FRAME_BYTES = 64 * 1024

/** A stream's name: 1 to 64 visible ASCII characters. */
export const NAME = /^[\x21-\x7e]{1,64}$/

/** Credit may never add up to more than this. */
export const MAX_CREDIT_BYTES = 1 << 24

export const KIND = { open: 1, data: 2, window: 3, end: 4, reset: 5 } as const

export type FrameKind = keyof typeof KIND

/** One frame's header; `isOurs` is told from this side: true where this side opened the stream. */
export type FrameHeader = {
  readonly kind: FrameKind
  readonly isOurs: boolean
  readonly id: number
  /** open: bytes of name; data: bytes of payload; window: bytes of credit; end: 0; reset: reason code. */
  readonly value: number
}

const KINDS: readonly (FrameKind | undefined)[] = [undefined, 'open', 'data', 'window', 'end', 'reset']

/** The 12 bytes of a header. */
export function encodeHeader({ kind, isOurs, id, value }: FrameHeader): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(HEADER_BYTES)
  const view = new DataView(out.buffer)
  out[0] = KIND[kind]
  out[1] = isOurs ? 1 : 0
  view.setUint32(4, id)
  view.setUint32(8, value)
  return out
}

/**
 * Reads a header that the other side wrote: its "mine" is our "theirs".
 * @throws channel/bad-frame for an unknown kind, non-zero reserved bytes, id 0 or a value out of its kind's range
 */
export function decodeHeader(bytes: Uint8Array): FrameHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES)
  const kind = KINDS[view.getUint8(0)]
  const opener = view.getUint8(1)
  const id = view.getUint32(4)
  const value = view.getUint32(8)
  if (kind === undefined) throw relayFail('bad-frame', { expected: 'kind 1..5', actual: view.getUint8(0) })
  if (opener > 1) throw relayFail('bad-frame', { expected: 'opener 0 or 1', actual: opener })
  if (view.getUint16(2) !== 0) throw relayFail('bad-frame', { expected: 'zero', actual: view.getUint16(2) })
  if (id === 0) throw relayFail('bad-frame', { expected: 'a stream id from 1', actual: 0 })
  const [min, max] = RANGE[kind]
  if (value < min || value > max)
    throw relayFail('bad-frame', { expected: `${kind} value ${min}..${max}`, actual: value })
  if (kind === 'open' && opener !== 1) throw relayFail('bad-frame', { expected: 'opened by its sender', actual: 0 })
  return { kind, isOurs: opener === 0, id, value }
}

const RANGE: { readonly [K in FrameKind]: readonly [number, number] } = {
  open: [1, 64],
  data: [1, MAX_FRAME_BYTES],
  window: [1, MAX_CREDIT_BYTES],
  end: [0, 0],
  reset: [1, RESET_REASONS.length],
}

/** The wire code of a reset reason. */
export const reasonCode = (reason: ResetReason): number => RESET_REASONS.indexOf(reason) + 1

/** The reset reason of a checked wire code. */
export const reasonOf = (code: number): ResetReason => RESET_REASONS[code - 1] ?? 'failed'
