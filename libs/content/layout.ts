import { TAG_BYTES } from './aead.ts'

/** Most chunks an object can have: its leaf table is then 64 MiB, as large as a pack. */
export const MAX_CHUNKS = 1 << 21

// Packs hold 64 MiB of plaintext at most, however large the chunks are, so that a writer's memory is bounded.
const PACK_LOG2 = 26

type Cut = { readonly chunkLog2: number }
type Cut_ = Cut & { readonly lengthBytes: number }

/** Chunks of an object: empty content is one empty chunk. */
export const chunkCountOf = ({ chunkLog2, lengthBytes }: Cut_): number =>
  Math.max(1, Math.ceil(lengthBytes / 2 ** chunkLog2))

/** Chunks in a full pack: 64, or as many as make 64 MiB. */
export const chunksPerPackOf = ({ chunkLog2 }: Cut): number => Math.min(64, 2 ** (PACK_LOG2 - chunkLog2))

/** Packs of an object. */
export const packCountOf = (cut: Cut_): number => Math.ceil(chunkCountOf(cut) / chunksPerPackOf(cut))

/** Bytes of a full chunk as it is stored, tag included. */
export const sealedChunkBytes = ({ chunkLog2 }: Cut): number => 2 ** chunkLog2 + TAG_BYTES

/** Plaintext bytes of chunk `index`; only the last one is short. */
export function chunkLengthOf(cut: Cut_, index: number): number {
  const full = 2 ** cut.chunkLog2
  return index < chunkCountOf(cut) - 1 ? full : cut.lengthBytes - index * full
}

/** Where chunk `index` lies: its pack, and the byte range of its ciphertext in it (end exclusive). */
export function placeOf(cut: Cut_, index: number): { pack: number; start: number; end: number } {
  const perPack = chunksPerPackOf(cut)
  const start = (index % perPack) * sealedChunkBytes(cut)
  return { pack: Math.floor(index / perPack), start, end: start + chunkLengthOf(cut, index) + TAG_BYTES }
}

/** Chunks of pack `pack`, first and end (exclusive). */
export function packChunks(cut: Cut_, pack: number): { first: number; end: number } {
  const perPack = chunksPerPackOf(cut)
  return { first: pack * perPack, end: Math.min(chunkCountOf(cut), (pack + 1) * perPack) }
}

/**
 * The length that padded content of `lengthBytes` is stored with: one chunk at least, above that eight sizes per
 * doubling, so that at most an eighth is added and only the size class shows.
 */
export function paddedLength(lengthBytes: number, chunkLog2: number): number {
  const smallest = 2 ** chunkLog2
  if (lengthBytes <= smallest) return smallest
  const step = 2 ** (Math.floor(Math.log2(lengthBytes)) - 3)
  return Math.ceil(lengthBytes / step) * step
}
