import { concat, utf8 } from '@allod/protocol'
import type { ByteReader } from '../ByteSource.ts'
import { sealFail } from '../errors.ts'
import { encodeVarint, readVarint } from '../varint.ts'

/**
 * Plaintext sizes of a chunk: u32 length ‖ content ‖ zeros. A chunk's size says which bucket its content fell in and
 * nothing more.
 */
export const BUCKETS = [1024, 4096, 16_384, 65_536] as const

export type Bucket = (typeof BUCKETS)[number]

/** A piece of a message, before it is sealed; `bucketBytes` fixes the size it is padded to. */
export type Piece = { readonly bytes: Uint8Array; readonly isLast: boolean; readonly bucketBytes?: Bucket }

const LENGTH_BYTES = 4
const TAG_BYTES = 16

/** No key seals more; AES-GCM would allow 2^32. */
const MAX_CHUNKS = 2 ** 24

/** What the largest chunk holds. */
export const MAX_CONTENT_BYTES = 65_536 - LENGTH_BYTES

const LAST = utf8('final')
const NOT_LAST = new Uint8Array()

/** Seals or opens one chunk; chunks come in order and `index` counts them from 0. */
export type ChunkCipher = (
  chunk: Uint8Array<ArrayBuffer>,
  aad: Uint8Array<ArrayBuffer>,
  index: number,
) => Promise<ArrayBuffer>

/**
 * Chunks as in the chunked draft of Oblivious HTTP: varint length ‖ sealed, for the last one 0 ‖ sealed to the end.
 * Only the last is sealed under the AAD "final".
 * @throws channel/sealed-too-long
 */
export async function* sealChunks(
  pieces: AsyncIterable<Piece>,
  seal: ChunkCipher,
  maxChunks = MAX_CHUNKS,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let index = 0
  for await (const piece of pieces) {
    if (index >= maxChunks) throw sealFail('sealed-too-long', { expected: maxChunks })
    const aad = piece.isLast ? LAST : NOT_LAST
    const sealed = new Uint8Array(await seal(pad(piece), aad, index++))
    yield concat(encodeVarint(piece.isLast ? 0 : sealed.length), sealed)
    if (piece.isLast) return
  }
}

/**
 * Opens chunks one by one; content is handed on only after its tag, and the stream ends without throwing only after
 * the last chunk.
 * @throws channel/sealed-truncated, channel/sealed-chunk-refused, channel/sealed-padding, channel/sealed-too-long
 */
export async function* openChunks(
  reader: ByteReader,
  open: ChunkCipher,
  maxChunks = MAX_CHUNKS,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let index = 0; index < maxChunks; index++) {
    const length = await readVarint(reader, MAX_SEALED_BYTES, {
      truncated: () => sealFail('sealed-truncated', { meta: { chunk: index } }),
      tooLarge: (actual) => sealFail('sealed-chunk-refused', { expected: `at most ${MAX_SEALED_BYTES}`, actual }),
    })
    const isLast = length === 0
    const sealed = await reader.upTo(isLast ? MAX_SEALED_BYTES : length)
    if (sealed.length < (isLast ? MIN_SEALED_BYTES : length))
      throw sealFail('sealed-truncated', { meta: { chunk: index } })
    if (isLast && !(await reader.isAtEnd())) throw refused(index)
    const padded = await open(Uint8Array.from(sealed), isLast ? LAST : NOT_LAST, index).catch((cause: unknown) => {
      throw refused(index, cause)
    })
    yield unpad(new Uint8Array(padded))
    if (isLast) return
  }
  throw sealFail('sealed-too-long', { expected: maxChunks })
}

const MIN_SEALED_BYTES = BUCKETS[0] + TAG_BYTES
const MAX_SEALED_BYTES = 65_536 + TAG_BYTES

const refused = (chunk: number, cause?: unknown): Error => sealFail('sealed-chunk-refused', { meta: { chunk }, cause })

function pad({ bytes, bucketBytes }: Piece): Uint8Array<ArrayBuffer> {
  const size = bucketBytes ?? BUCKETS.find((bucket) => bytes.length + LENGTH_BYTES <= bucket) ?? 0
  const out = new Uint8Array(size)
  new DataView(out.buffer).setUint32(0, bytes.length)
  out.set(bytes, LENGTH_BYTES)
  return out
}

function unpad(padded: Uint8Array): Uint8Array {
  const isBucket = BUCKETS.some((bucket) => bucket === padded.length)
  if (!isBucket) throw sealFail('sealed-padding', { expected: BUCKETS, actual: padded.length })
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0)
  const end = LENGTH_BYTES + length
  if (end > padded.length || padded.subarray(end).some((byte) => byte !== 0))
    throw sealFail('sealed-padding', { expected: 'a length within the chunk, and zeros', actual: length })
  return padded.subarray(LENGTH_BYTES, end)
}
