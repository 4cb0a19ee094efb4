import { errorsOf } from './AllodError.ts'
import { equalBytes, fromUtf8, type Hex, utf8 } from './bytes.ts'
import { taggedHash } from './hash.ts'

/** What a canonical document may hold. Numbers are integers; larger ones and all amounts are decimal strings. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

const fail = errorsOf('protocol', {
  'not-canonical': [
    'a document is not canonical JSON (RFC 8785)',
    'write it with canonicalise(); keys sorted, no spaces, no duplicate keys, integers to 2^53-1',
  ],
  'document-too-large': ['a document is larger than its bound', 'split it, or ask its author what it holds'],
})

const MAX_DEPTH = 32

/**
 * RFC 8785 bytes of a value: keys sorted by UTF-16 units, no white space, integers only.
 * @throws protocol/not-canonical for fractions, unsafe integers, lone surrogates, undefined and depth over 32
 */
export function canonicalise(value: Json): Uint8Array<ArrayBuffer> {
  return utf8(write(value, 0))
}

/**
 * Parses canonical bytes. The bytes must equal their own re-serialisation, so duplicate keys, spaces and other
 * spellings are refused.
 * @param maxBytes bound on the document, 1 MiB unless told
 * @throws protocol/not-canonical, protocol/document-too-large
 */
export function parseCanonical(bytes: Uint8Array, maxBytes = 1 << 20): Json {
  if (bytes.length > maxBytes) throw fail('document-too-large', { expected: maxBytes, actual: bytes.length })
  let value: Json
  try {
    value = JSON.parse(fromUtf8(bytes)) as Json
  } catch (cause) {
    throw fail('not-canonical', { cause })
  }
  if (!equalBytes(canonicalise(value), bytes)) throw fail('not-canonical')
  return value
}

/** SHA-256 of a document's canonical bytes under its domain tag. */
export const documentHash = (tag: `allod/${string}/v${number}`, value: Json): Hex =>
  taggedHash(tag, canonicalise(value))

function write(value: Json, depth: number): string {
  if (depth > MAX_DEPTH) throw fail('not-canonical', { expected: `depth <= ${MAX_DEPTH}` })
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0))
      throw fail('not-canonical', { expected: 'integer', actual: value })
    return String(value)
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw fail('not-canonical', { expected: 'well-formed text' })
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map((v) => write(v as Json, depth + 1)).join(',')}]`
  if (typeof value !== 'object') throw fail('not-canonical', { actual: typeof value })
  const object = value as { readonly [name: string]: Json }
  const members = Object.keys(object)
    .sort()
    .map((k) => `${write(k, depth + 1)}:${write(object[k] as Json, depth + 1)}`)
  return `{${members.join(',')}}`
}
