import { concat, equalBytes, type Hex } from '@allod/protocol'
import { TAG_BYTES } from '../aead.ts'
import { type Body, packRef } from '../blob.ts'
import type { ChunkCipher } from '../chunkCipher.ts'
import { digestOf, newHasher } from '../digest.ts'
import { fail } from '../errors.ts'
import { chunksPerPackOf, MAX_CHUNKS, sealedChunkBytes } from '../layout.ts'
import { LEAF_BYTES, leafAt, newMerkleTree } from '../merkle.ts'
import type { Replicas } from '../stores/replicas.ts'
import type { PlainChunk } from './chunks.ts'
import type { LeafList } from './Journal.ts'

/** Encrypts chunks into packs and sends them while the next pack fills. */
export type PackWriter = {
  add(chunk: PlainChunk): Promise<void>
  /** Waits for every pack to be sent. */
  finish(): Promise<WrittenTable>
}

/** The leaf table of what was written: its root, its digest, and its bytes as they are to be stored. */
export type WrittenTable = { readonly root: Uint8Array; readonly digest: Hex; readonly body: Body }

export type PackWriterOptions = {
  readonly chunkLog2: number
  readonly cipher: ChunkCipher
  readonly replicas: Replicas
  /** A journal, or a list in memory. */
  readonly list: LeafList
  /** How many leaves an earlier run recorded there, under this key. */
  readonly recorded: number
}

/** A chunk's ciphertext in a buffer of the pool. */
type SealedChunk = { readonly buffer: Uint8Array; readonly sizeBytes: number; readonly leaf: Uint8Array }

// Of the leaf table, read at once when it is sent: 64 KiB.
const TABLE_STEP = 2048

/**
 * One pack is sent while the next begins to fill; a pool of one and a half packs of buffers bounds the memory, whatever the
 * object's size.
 * @throws content/source-changed where a chunk differs from what the journal recorded; content/object-too-large
 */
export function newPackWriter({ chunkLog2, cipher, replicas, list, recorded }: PackWriterOptions): PackWriter {
  const chunkBytes = sealedChunkBytes({ chunkLog2 })
  const perPack = chunksPerPackOf({ chunkLog2 })
  const tree = newMerkleTree()
  const hasher = newHasher()
  const free: Uint8Array[] = []
  let made = 0
  let count = 0
  let pack: SealedChunk[] = []
  /** What was recorded of the pack that fills now. */
  let expected: Uint8Array = new Uint8Array()
  let sending: Promise<void> = Promise.resolve()

  const buffer = async (): Promise<Uint8Array> => {
    if (free.length === 0 && made >= perPack + perPack / 2) await sending
    const reused = free.pop()
    if (reused !== undefined) return reused
    made++
    return new Uint8Array(chunkBytes)
  }

  const recordedFrom = async (first: number): Promise<Uint8Array> =>
    first < recorded ? list.leaves(first, Math.min(first + perPack, recorded)) : new Uint8Array()

  const send = async (chunks: readonly SealedChunk[]): Promise<void> => {
    const leaves = concat(...chunks.map((c) => c.leaf))
    const known = recorded - (count - chunks.length)
    // A leaf is on disk before its chunk leaves the device; see Journal.
    if (known < chunks.length) await list.append(leaves.subarray(Math.max(0, known) * LEAF_BYTES))
    tree.add(leaves)
    hasher.update(leaves)
    await sending
    sending = replicas
      .put(packRef(chunkBytes, leaves), bodyOf(chunks, chunkBytes), { mayBeThere: known > 0 })
      .then(() => {
        for (const chunk of chunks) free.push(chunk.buffer)
      })
    // The failure is met at the next await of `sending`; until then it must not count as unhandled.
    sending.catch(() => {})
  }

  return {
    async add({ pieces, sizeBytes, isLast }) {
      if (count >= MAX_CHUNKS) throw fail('object-too-large', { expected: MAX_CHUNKS })
      if (pack.length === 0) expected = await recordedFrom(count)
      const chunk = await buffer()
      const out = chunk.subarray(0, sizeBytes + TAG_BYTES)
      await cipher.seal(count, isLast, pieces, out)
      const leaf = await digestOf(out)
      const earlier = leafAt(expected, pack.length)
      if (earlier.length > 0 && !equalBytes(earlier, leaf)) throw fail('source-changed', { meta: { chunk: count } })
      pack.push({ buffer: chunk, sizeBytes: out.length, leaf })
      count++
      if (pack.length < perPack && !isLast) return
      const full = pack
      pack = []
      await send(full)
    },
    async finish() {
      await sending
      return { root: tree.root(), digest: await hasher.digest(), body: tableBody(list, count) }
    },
  }
}

const tableBody = (list: LeafList, count: number): Body => ({
  sizeBytes: count * LEAF_BYTES,
  chunkBytes: 0,
  async *pieces() {
    for (let at = 0; at < count; at += TABLE_STEP) yield list.leaves(at, Math.min(count, at + TABLE_STEP))
  },
})

const bodyOf = (chunks: readonly SealedChunk[], chunkBytes: number): Body => ({
  sizeBytes: chunks.reduce((sum, c) => sum + c.sizeBytes, 0),
  chunkBytes,
  pieces: () => chunks.map(({ buffer, sizeBytes }) => buffer.subarray(0, sizeBytes)),
})
