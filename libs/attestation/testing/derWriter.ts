import { concat, utf8 } from '@allod/protocol'
import { DER } from '../x509/der.ts'
import { encodeDer } from '../x509/encodeDer.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** SEQUENCE. */
export const sequence = (...parts: readonly Uint8Array[]): Bytes => encodeDer(DER.sequence, ...parts)

/** SET, as given: the caller sorts. */
export const set = (...parts: readonly Uint8Array[]): Bytes => encodeDer(DER.set, ...parts)

/** Explicit context tag around one element. */
export const explicit = (n: number, ...parts: readonly Uint8Array[]): Bytes => encodeDer(0xa0 | n, ...parts)

/** Implicit primitive context tag with this content. */
export const implicit = (n: number, content: Uint8Array): Bytes => encodeDer(0x80 | n, content)

/** INTEGER, non-negative, minimal; bytes are taken as a big-endian number. */
export function integer(value: number | bigint | Uint8Array): Bytes {
  const digits =
    value instanceof Uint8Array
      ? Array.from(value, (b) => b.toString(16).padStart(2, '0')).join('')
      : value.toString(16)
  const even = (digits.length % 2 === 1 ? `0${digits}` : digits).replace(/^(?:00)+(?=..)/, '')
  const bytes = Uint8Array.from(even.match(/../g) ?? ['00'], (pair) => Number.parseInt(pair, 16))
  return encodeDer(DER.integer, Uint8Array.of(...((bytes[0] as number) >= 0x80 ? [0] : [])), bytes)
}

/** ENUMERATED below 128. */
export const enumerated = (value: number): Bytes => encodeDer(DER.enumerated, Uint8Array.of(value))

/** BOOLEAN. */
export const boolean = (value: boolean): Bytes => encodeDer(DER.boolean, Uint8Array.of(value ? 0xff : 0))

/** NULL. */
export const nothing = (): Bytes => encodeDer(DER.null)

/** OCTET STRING. */
export const octets = (...parts: readonly Uint8Array[]): Bytes => encodeDer(DER.octets, ...parts)

/** BIT STRING, of whole bytes unless told. */
export const bits = (bytes: Uint8Array, unused = 0): Bytes => encodeDer(DER.bits, Uint8Array.of(unused), bytes)

/** UTF8String. */
export const utf8String = (text: string): Bytes => encodeDer(DER.utf8, utf8(text))

/** PrintableString. */
export const printableString = (text: string): Bytes => encodeDer(DER.printable, utf8(text))

/** IA5String. */
export const ia5String = (text: string): Bytes => encodeDer(DER.ia5, utf8(text))

/** OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return encodeDer(DER.oid, ...[first * 40 + second, ...rest].map(arc))
}

/** UTCTime until 2049, GeneralizedTime after, as RFC 5280 asks. @param unix Unix seconds */
export function time(unix: number): Bytes {
  return unix < 2_524_608_000 ? encodeDer(DER.utcTime, utf8(digits(unix).slice(2))) : generalizedTime(unix)
}

/** GeneralizedTime. @param unix Unix seconds */
export const generalizedTime = (unix: number): Bytes => encodeDer(DER.generalizedTime, utf8(digits(unix)))

const digits = (unix: number): string => `${new Date(unix * 1000).toISOString().replace(/\D/g, '').slice(0, 14)}Z`

function arc(value: number): Uint8Array {
  const septets = [value % 128]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) septets.unshift(0x80 + (rest % 128))
  return concat(Uint8Array.from(septets))
}
