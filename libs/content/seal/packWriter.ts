import { concat, equalBytes } from '@allod/protocol'
import { TAG_BYTES } from '../aead.ts'
import { type Body, packRef } from '../blob.ts'
import type { ChunkCipher } from '../chunkCipher.ts'
import { digestOf } from '../digest.ts'
import { fail } from '../errors.ts'
import { chunksPerPackOf, MAX_CHUNKS, sealedChunkBytes } from '../layout.ts'
import { LEAF_BYTES, leafAt } from '../merkle.ts'
import type { Replicas } from '../stores/replicas.ts'
import type { PlainChunk } from './chunks.ts'
import type { Journal } from './Journal.ts'

/** Encrypts chunks into packs and sends them while the next pack fills. */
export type PackWriter = {
  add(chunk: PlainChunk): Promise<void>
  /** Sends what is left and waits for every pack. The leaf table. */
  finish(): Promise<Uint8Array>
}

export type PackWriterOptions = {
  readonly chunkLog2: number
  readonly cipher: ChunkCipher
  readonly replicas: Replicas
  readonly journal: Journal | null
  /** Leaves that an earlier run recorded under this key. */
  readonly journaled: Uint8Array
}

/** A chunk's ciphertext in a buffer of the pool. */
type SealedChunk = { readonly buffer: Uint8Array; readonly sizeBytes: number; readonly leaf: Uint8Array }

/**
 * One pack is sent while the next begins to fill; a pool of one and a half packs of buffers bounds the memory, whatever the
 * object's size.
 * @throws content/source-changed where a chunk differs from what the journal recorded; content/object-too-large
 */
export function newPackWriter({ chunkLog2, cipher, replicas, journal, journaled }: PackWriterOptions): PackWriter {
  const chunkBytes = sealedChunkBytes({ chunkLog2 })
  const perPack = chunksPerPackOf({ chunkLog2 })
  const table: Uint8Array[] = []
  const free: Uint8Array[] = []
  let made = 0
  let count = 0
  let pack: SealedChunk[] = []
  let sending: Promise<void> = Promise.resolve()

  const buffer = async (): Promise<Uint8Array> => {
    if (free.length === 0 && made >= perPack + perPack / 2) await sending
    const reused = free.pop()
    if (reused !== undefined) return reused
    made++
    return new Uint8Array(chunkBytes)
  }

  const send = async (chunks: readonly SealedChunk[]): Promise<void> => {
    const leaves = concat(...chunks.map((c) => c.leaf))
    const known = journaled.length / LEAF_BYTES - (count - chunks.length)
    // A leaf is on disk before its chunk leaves the device; see Journal.
    if (known < chunks.length) await journal?.append(leaves.subarray(Math.max(0, known) * LEAF_BYTES))
    table.push(leaves)
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
      const chunk = await buffer()
      const out = chunk.subarray(0, sizeBytes + TAG_BYTES)
      await cipher.seal(count, isLast, pieces, out)
      const leaf = await digestOf(out)
      const recorded = leafAt(journaled, count)
      if (recorded.length > 0 && !equalBytes(recorded, leaf)) throw fail('source-changed', { meta: { chunk: count } })
      pack.push({ buffer: chunk, sizeBytes: out.length, leaf })
      count++
      if (pack.length < perPack && !isLast) return
      const full = pack
      pack = []
      await send(full)
    },
    async finish() {
      await sending
      return concat(...table)
    },
  }
}

const bodyOf = (chunks: readonly SealedChunk[], chunkBytes: number): Body => ({
  sizeBytes: chunks.reduce((sum, c) => sum + c.sizeBytes, 0),
  chunkBytes,
  pieces: () => chunks.map(({ buffer, sizeBytes }) => buffer.subarray(0, sizeBytes)),
})
