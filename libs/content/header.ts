import { concat, fromUtf8, u32, u64, utf8 } from '@allod/protocol'
import { fail } from './errors.ts'
import { chunkCountOf, chunksPerPackOf, MAX_CHUNKS } from './layout.ts'

/** Size of an encoded header in bytes. */
export const HEADER_BYTES = 128

/** The fixed part of an object: how it is cut, its salt, what its key and its chunks must hash to. */
export type Header = {
  /** Chunks hold 2^chunkLog2 bytes of plaintext, 16..22. */
  readonly chunkLog2: number
  /** True where zero bytes after the content hide its length. */
  readonly isPadded: boolean
  /** Plaintext bytes as stored, padding included. */
  readonly lengthBytes: number
  readonly salt: Uint8Array
  readonly keyCommitment: Uint8Array
  readonly root: Uint8Array
}

/** The part of a header that is known before the content ends; what chunks are bound to. */
export type HeaderStart = Pick<Header, 'chunkLog2' | 'isPadded' | 'salt' | 'keyCommitment'>

const MAGIC = utf8('ALLO')
const VERSION = 1
// Suite 1: AES-256-GCM, HKDF-SHA256, SHA-256.
const SUITE = 1

/** Bytes 0..8 of a header: magic, version, suite, chunk size, flags. */
export const encodePrefix = (start: Pick<Header, 'chunkLog2' | 'isPadded'>): Uint8Array =>
  concat(MAGIC, Uint8Array.of(VERSION, SUITE, start.chunkLog2, start.isPadded ? 1 : 0))

/** The 128 bytes of a header. @throws content/object-too-large */
export function encodeHeader(header: Header): Uint8Array<ArrayBuffer> {
  const chunkCount = chunkCountOf(header)
  if (chunkCount > MAX_CHUNKS) throw fail('object-too-large', { expected: MAX_CHUNKS, actual: chunkCount })
  return concat(
    encodePrefix(header),
    u64(header.lengthBytes),
    u32(chunkCount),
    u32(chunksPerPackOf(header)),
    header.salt,
    header.keyCommitment,
    header.root,
    new Uint8Array(8),
  )
}

/**
 * Parses 128 bytes; counts must be the ones that follow from length and chunk size.
 * @throws content/bad-header naming the field, content/object-too-large
 */
export function parseHeader(bytes: Uint8Array): Header {
  if (bytes.length !== HEADER_BYTES) throw bad('length', HEADER_BYTES, bytes.length)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [version, suite, chunkLog2, flags] = [4, 5, 6, 7].map((at) => view.getUint8(at)) as [
    number,
    number,
    number,
    number,
  ]
  if (!startsWith(bytes, MAGIC)) throw bad('magic', fromUtf8(MAGIC), [...bytes.subarray(0, 4)])
  if (version !== VERSION) throw bad('version', VERSION, version)
  if (suite !== SUITE) throw bad('suite', SUITE, suite)
  if (chunkLog2 < 16 || chunkLog2 > 22) throw bad('chunkLog2', '16..22', chunkLog2)
  if (flags > 1) throw bad('flags', '0 or 1', flags)
  const length = view.getBigUint64(8)
  if (length > BigInt(MAX_CHUNKS) << BigInt(chunkLog2)) throw fail('object-too-large', { actual: length })
  const header: Header = {
    chunkLog2,
    isPadded: flags === 1,
    lengthBytes: Number(length),
    salt: bytes.slice(24, 56),
    keyCommitment: bytes.slice(56, 88),
    root: bytes.slice(88, 120),
  }
  if (view.getUint32(16) !== chunkCountOf(header)) throw bad('chunk count', chunkCountOf(header), view.getUint32(16))
  if (view.getUint32(20) !== chunksPerPackOf(header))
    throw bad('chunks per pack', chunksPerPackOf(header), view.getUint32(20))
  if (bytes.subarray(120).some((b) => b !== 0)) throw bad('reserved', 'zeros', 'something else')
  return header
}

const startsWith = (bytes: Uint8Array, start: Uint8Array): boolean => start.every((b, i) => bytes[i] === b)

const bad = (field: string, expected: unknown, actual: unknown) =>
  fail('bad-header', { expected, actual, meta: { field } })
