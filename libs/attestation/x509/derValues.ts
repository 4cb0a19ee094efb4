import { type Hex, toHex } from '@allod/protocol'
import { DER, type DerNode } from './der.ts'
import { fail } from './errors.ts'

/** The element itself, required to have this tag. @throws x509/bad-der */
export function derTagged(node: DerNode | undefined, tag: number): DerNode {
  if (node?.tag !== tag) throw fail('bad-der', { expected: name(tag), actual: name(node?.tag) })
  return node
}

/** What a SEQUENCE holds, from `minimum` to `maximum` elements. @throws x509/bad-der */
export function derSequence(node: DerNode | undefined, minimum = 0, maximum = 10_000): readonly DerNode[] {
  const { children } = derTagged(node, DER.sequence)
  if (children.length < minimum || children.length > maximum)
    throw fail('bad-der', { expected: `${minimum}..${maximum} elements`, actual: children.length })
  return children
}

/** The one element inside explicit context tag `n`. @throws x509/bad-der */
export function derExplicit(node: DerNode | undefined, n: number): DerNode {
  const { children } = derTagged(node, 0xa0 | n)
  const [only] = children
  if (only === undefined || children.length > 1)
    throw fail('bad-der', { expected: 'one element', actual: children.length })
  return only
}

/** A non-negative INTEGER of at most 64 bytes, as hex without padding (zero is `0x00`). @throws x509/bad-der */
export function derInteger(node: DerNode | undefined): Hex {
  const { content } = derTagged(node, DER.integer)
  if (content.length > 64 || (content[0] as number) >= 0x80)
    throw fail('bad-der', { expected: 'a non-negative integer', actual: toHex(content.subarray(0, 64)) })
  return toHex(content.length > 1 && content[0] === 0 ? content.subarray(1) : content)
}

/** A non-negative INTEGER or ENUMERATED below 2^48. @throws x509/bad-der */
export function derSmallInteger(node: DerNode | undefined, tag: number = DER.integer): number {
  const { content } = derTagged(node, tag)
  if (content.length > 6 || (content[0] as number) >= 0x80)
    throw fail('bad-der', { expected: 'a small integer', actual: toHex(content.subarray(0, 64)) })
  return content.reduce((value, byte) => value * 256 + byte, 0)
}

/** A BOOLEAN. @throws x509/bad-der */
export const derBoolean = (node: DerNode | undefined): boolean => derTagged(node, DER.boolean).content[0] === 0xff

/** An OBJECT IDENTIFIER in dotted form. @throws x509/bad-der */
export function derOid(node: DerNode | undefined): string {
  const arcs: number[] = []
  let arc = 0
  for (const byte of derTagged(node, DER.oid).content) {
    // Multiplication, not a shift: arcs past 2^31 exist. Past 2^53 two of them could read alike.
    arc = arc * 128 + (byte & 0x7f)
    if (arc > Number.MAX_SAFE_INTEGER) throw fail('bad-der', { expected: 'an arc below 2^53', actual: arc })
    if (byte >= 0x80) continue
    const root = Math.min(2, Math.floor(arc / 40))
    if (arcs.length === 0) arcs.push(root, arc - 40 * root)
    else arcs.push(arc)
    arc = 0
  }
  return arcs.join('.')
}

/** A BIT STRING of whole bytes. @throws x509/bad-der */
export function derBits(node: DerNode | undefined): Uint8Array {
  const { content } = derTagged(node, DER.bits)
  if (content[0] !== 0) throw fail('bad-der', { expected: 'whole bytes', actual: content[0] })
  return content.subarray(1)
}

/** An OCTET STRING. @throws x509/bad-der */
export const derOctets = (node: DerNode | undefined): Uint8Array => derTagged(node, DER.octets).content

/**
 * A UTF8String, PrintableString or IA5String of at most 256 bytes.
 * @throws x509/bad-der
 */
export function derString(node: DerNode | undefined): string {
  const { tag, content } = node ?? { tag: undefined, content: new Uint8Array() }
  const isAscii = tag === DER.printable || tag === DER.ia5
  if (tag !== DER.utf8 && !isAscii) throw fail('bad-der', { expected: 'a string', actual: name(tag) })
  if (content.length > 256 || (isAscii && content.some((byte) => byte >= 0x80)))
    throw fail('bad-der', { expected: 'text of at most 256 bytes', actual: content.length })
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  } catch (cause) {
    throw fail('bad-der', { expected: 'UTF-8', actual: toHex(content.subarray(0, 64)), cause })
  }
}

/** A UTCTime or GeneralizedTime in Unix seconds. @throws x509/bad-der */
export function derTime(node: DerNode | undefined): number {
  return derTimeOf(node?.tag, node?.content ?? new Uint8Array())
}

/**
 * The same from a tag and content. Only `…Z` to the second, as RFC 5280 4.1.2.5 has it; a day that the calendar lacks is refused.
 * @throws x509/bad-der
 */
export function derTimeOf(tag: number | undefined, content: Uint8Array): number {
  const yearDigits = tag === DER.utcTime ? 2 : tag === DER.generalizedTime ? 4 : 0
  if (yearDigits === 0 || content.length !== yearDigits + 11 || content.at(-1) !== 0x5a)
    throw fail('bad-der', { expected: 'a time', actual: name(tag) })
  const digits = (at: number, count: number): number => {
    let value = 0
    for (let i = at; i < at + count; i++) {
      const digit = (content[i] as number) - 0x30
      if (digit < 0 || digit > 9) throw fail('bad-der', { expected: 'a digit of a time', actual: content[i] })
      value = value * 10 + digit
    }
    return value
  }
  const short = digits(0, yearDigits)
  const year = yearDigits === 4 ? short : short + (short < 50 ? 2000 : 1900)
  const [month, day, hour, minute, second] = [0, 2, 4, 6, 8].map((offset) => digits(yearDigits + offset, 2))
  const time = { year, month, day, hour, minute, second } as Parts
  const date = new Date(Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute, time.second))
  // Years below 100 mean 19xx to Date, and 31 February rolls over into March: what does not come back as written is no time.
  const isExact = date.getUTCFullYear() === time.year && date.getUTCMonth() === time.month - 1
  if (!isExact || time.hour > 23 || time.minute > 59 || time.second > 59)
    throw fail('bad-der', { expected: 'a time of the calendar', actual: new TextDecoder().decode(content) })
  return date.getTime() / 1000
}

type Parts = { year: number; month: number; day: number; hour: number; minute: number; second: number }

const name = (tag: number | undefined): string => (tag === undefined ? 'nothing' : `tag 0x${tag.toString(16)}`)
