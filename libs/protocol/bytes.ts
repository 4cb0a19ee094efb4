import { errorsOf } from './AllodError.ts'

/** A `0x`-prefixed lower-case hex string. */
export type Hex = `0x${string}`

const fail = errorsOf('protocol', {
  'bad-hex': ['a value is not hex of the expected length', 'write 0x followed by lower-case hex digits'],
  'bad-integer': ['an integer does not fit its field', 'use a whole number in the range of the field'],
})

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** UTF-8 bytes of a string. */
export const utf8 = (text: string): Uint8Array<ArrayBuffer> => textEncoder.encode(text)

/** The string of UTF-8 bytes; throws a TypeError on malformed input. */
export const fromUtf8 = (bytes: Uint8Array): string => textDecoder.decode(bytes)

/** Concatenation. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (const p of parts) length += p.length
  const out = new Uint8Array(length)
  let at = 0
  for (const p of parts) {
    out.set(p, at)
    at += p.length
  }
  return out
}

/** Equality without a data-dependent exit; lengths are public. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number)
  return difference === 0
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

/** Lower-case `0x` hex. */
export function toHex(bytes: Uint8Array): Hex {
  let out = '0x'
  for (const b of bytes) out += HEX[b]
  return out as Hex
}

/**
 * Bytes of `0x` hex, exactly `sizeBytes` long where given.
 * @throws protocol/bad-hex
 */
export function fromHex(hex: string, sizeBytes?: number): Uint8Array<ArrayBuffer> {
  if (!isHex(hex, sizeBytes)) throw fail('bad-hex', { expected: sizeBytes, actual: String(hex).slice(0, 80) })
  const out = new Uint8Array((hex.length - 2) / 2)
  for (let i = 0; i < out.length; i++) out[i] = (nibble(hex, 2 + 2 * i) << 4) | nibble(hex, 3 + 2 * i)
  return out
}

// '0'..'9' are 0x30..0x39, 'a'..'f' 0x61..0x66.
function nibble(hex: string, at: number): number {
  const code = hex.charCodeAt(at)
  return (code & 0xf) + (code >> 6) * 9
}

/** True for lower-case `0x` hex of whole bytes, of `sizeBytes` where given. */
export function isHex(value: unknown, sizeBytes?: number): value is Hex {
  if (typeof value !== 'string' || !/^0x(?:[0-9a-f]{2})*$/.test(value)) return false
  return sizeBytes === undefined || value.length === 2 + 2 * sizeBytes
}

/** Four bytes, big-endian. @throws protocol/bad-integer */
export function u32(value: number): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
    throw fail('bad-integer', { expected: 'u32', actual: value })
  const out = new Uint8Array(4)
  new DataView(out.buffer).setUint32(0, value)
  return out
}

/** Eight bytes, big-endian. @throws protocol/bad-integer */
export function u64(value: bigint | number): Uint8Array<ArrayBuffer> {
  // A number past 2^53 may be another than its author wrote.
  const big = typeof value === 'bigint' || Number.isSafeInteger(value) ? BigInt(value) : -1n
  if (big < 0n || big > 0xffffffffffffffffn) throw fail('bad-integer', { expected: 'u64', actual: value })
  const out = new Uint8Array(8)
  new DataView(out.buffer).setBigUint64(0, big)
  return out
}

/** `lp(x)` of the protocol: u32 length ‖ x. */
export const lp = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => concat(u32(bytes.length), bytes)

/** base64url without padding, for documents and headers. */
export function toBase64Url(bytes: Uint8Array): string {
  let binary = ''
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** Bytes of unpadded base64url; canonical only. @throws protocol/bad-hex */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1)
    throw fail('bad-hex', { expected: 'base64url', actual: text.slice(0, 80) })
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  const out = Uint8Array.from(binary, (c) => c.charCodeAt(0))
  if (toBase64Url(out) !== text) throw fail('bad-hex', { expected: 'canonical base64url', actual: text.slice(0, 80) })
  return out
}
