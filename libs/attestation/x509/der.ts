import { fail } from './errors.ts'

/** One element of DER: identifier octet, the whole element, its content, and what a constructed one holds. */
export type DerNode = {
  readonly tag: number
  readonly bytes: Uint8Array
  readonly content: Uint8Array
  /** Empty for a primitive element. */
  readonly children: readonly DerNode[]
}

/** Bounds on one reading. Defaults: 1 MiB, 10 000 elements, 24 levels; a certificate has some 2 KB, 120 and 9. */
export type DerLimits = {
  readonly sizeBytes?: number
  readonly nodes?: number
  readonly depth?: number
}

/** Where an element's content starts and ends. */
export type DerHeader = { readonly tag: number; readonly contentAt: number; readonly end: number }

/** Identifier octets used here; `0xa0 | n` is constructed context tag n. */
export const DER = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8: 0x0c,
  printable: 0x13,
  teletex: 0x14,
  ia5: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/**
 * Reads exactly one element of canonical DER (X.690 chapter 10) with everything inside it: definite, minimal lengths; minimal
 * integers and object identifiers; sorted sets; no byte over.
 * @throws x509/bad-der
 */
export function readDer(bytes: Uint8Array, limits: DerLimits = {}): DerNode {
  const { sizeBytes = 1 << 20, nodes = 10_000, depth = 24 } = limits
  if (bytes.length > sizeBytes) throw fail('bad-der', { expected: `at most ${sizeBytes} bytes`, actual: bytes.length })
  const node = readNode(bytes, 0, bytes.length, depth, { nodes })
  if (node.bytes.length !== bytes.length)
    throw fail('bad-der', { expected: node.bytes.length, actual: bytes.length, meta: { what: 'bytes over' } })
  return node
}

/**
 * Reads identifier and length at `at`, for lists too long to build a tree of. The content itself is not looked at.
 * @param limit the end of the enclosing element
 * @throws x509/bad-der
 */
export function readDerHeader(bytes: Uint8Array, at: number, limit: number): DerHeader {
  if (at + 2 > limit) throw malformed('an element', 'end of bytes', at)
  const tag = bytes[at] as number
  const first = bytes[at + 1] as number
  let contentAt = at + 2
  let length = first
  if (first >= 0x80) {
    // 0x80 is the indefinite length of BER; three octets of length say 16 MB, more than any file here may have.
    const octets = first - 0x80
    if (octets < 1 || octets > 3 || contentAt + octets > limit) throw malformed('a definite length', first, at)
    length = 0
    for (let i = 0; i < octets; i++) length = length * 256 + (bytes[contentAt + i] as number)
    contentAt += octets
    if (length < (octets === 1 ? 0x80 : 256 ** (octets - 1))) throw malformed('a minimal length', length, at)
  }
  if (contentAt + length > limit) throw malformed(`at most ${limit - contentAt} bytes`, length, at)
  return { tag, contentAt, end: contentAt + length }
}

/** Requires an INTEGER's content to be minimal. @throws x509/bad-der */
export function requireMinimalInteger(content: Uint8Array, at = 0): void {
  const [first, second] = content
  if (first === undefined) throw malformed('an integer', 'nothing', at)
  if (second === undefined) return
  if ((first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80)) throw malformed('minimal', 'padded', at)
}

const primitives: ReadonlySet<number> = new Set([
  ...[DER.boolean, DER.integer, DER.bits, DER.octets, DER.null, DER.oid, DER.enumerated],
  ...[DER.utf8, DER.printable, DER.teletex, DER.ia5, DER.utcTime, DER.generalizedTime],
])

function readNode(bytes: Uint8Array, at: number, limit: number, depth: number, budget: { nodes: number }): DerNode {
  if (budget.nodes-- <= 0) throw malformed('fewer elements', 'too many', at)
  if (depth <= 0) throw malformed('fewer levels', 'too many', at)
  const { tag, contentAt, end } = readDerHeader(bytes, at, limit)
  const content = bytes.subarray(contentAt, end)
  const children: DerNode[] = []
  // Context tags 0..30; tags in several octets, application and private classes occur in no file read here.
  const isContext = tag >= 0x80 && tag < 0xc0 && (tag & 0x1f) !== 0x1f
  if (tag === DER.sequence || tag === DER.set || (isContext && (tag & 0x20) !== 0)) {
    for (let next = contentAt; next < end; next += (children.at(-1) as DerNode).bytes.length)
      children.push(readNode(bytes, next, end, depth - 1, budget))
    if (tag === DER.set) requireSorted(children, at)
  } else if (!isContext) {
    if (!primitives.has(tag)) throw malformed('a known tag', tag, at)
    requireCanonical(tag, content, at)
  }
  return { tag, bytes: bytes.subarray(at, end), content, children }
}

function requireCanonical(tag: number, content: Uint8Array, at: number): void {
  const [first = 0] = content
  const last = content.at(-1) ?? 0
  if (tag === DER.integer || tag === DER.enumerated) requireMinimalInteger(content, at)
  if (tag === DER.null && content.length !== 0) throw malformed('nothing in NULL', content.length, at)
  if (tag === DER.boolean && (content.length !== 1 || (first !== 0 && first !== 0xff)))
    throw malformed('00 or ff', first, at)
  if (tag === DER.bits) {
    if (content.length === 0 || first > 7 || (content.length === 1 && first !== 0))
      throw malformed('a bit string', first, at)
    if ((last & ((1 << first) - 1)) !== 0 && content.length > 1) throw malformed('zero in unused bits', last, at)
  }
  if (tag === DER.oid) {
    if (content.length === 0 || content.length > 64 || last >= 0x80) throw malformed('an object identifier', last, at)
    // An arc that starts with 0x80 has a leading zero.
    for (let i = 0; i < content.length; i++)
      if (content[i] === 0x80 && (i === 0 || (content[i - 1] as number) < 0x80)) throw malformed('minimal arcs', i, at)
  }
}

// DER: the elements of a SET OF stand in the order of their encodings (X.690 11.6).
function requireSorted(children: readonly DerNode[], at: number): void {
  for (let i = 1; i < children.length; i++)
    if (compare((children[i - 1] as DerNode).bytes, (children[i] as DerNode).bytes) > 0)
      throw malformed('a sorted set', `element ${i}`, at)
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number)
  return a.length - b.length
}

const malformed = (expected: string, actual: unknown, at: number) => fail('bad-der', { expected, actual, meta: { at } })
