import { concat, equalBytes } from '@allod/protocol'
import { TAG_BYTES } from '../aead.ts'
import { packRef } from '../blob.ts'
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

/** A pack being filled. */
type Pack = { readonly buffer: Uint8Array; readonly leaves: Uint8Array[]; used: number }

/**
 * Two buffers bound the memory, whatever the object's size: one fills while the other is sent.
 * @throws content/source-changed where a chunk differs from what the journal recorded; content/object-too-large
 */
export function newPackWriter({ chunkLog2, cipher, replicas, journal, journaled }: PackWriterOptions): PackWriter {
  const chunkBytes = sealedChunkBytes({ chunkLog2 })
  const perPack = chunksPerPackOf({ chunkLog2 })
  const table: Uint8Array[] = []
  let count = 0
  let spare: Uint8Array | null = null
  let sending: Promise<void> = Promise.resolve()
  let pack: Pack | null = null

  const send = async (full: Pack): Promise<void> => {
    const leaves = concat(...full.leaves)
    const known = journaled.length / LEAF_BYTES - (count - full.leaves.length)
    // A leaf is on disk before its chunk leaves the device; see Journal.
    if (known < full.leaves.length) await journal?.append(leaves.subarray(Math.max(0, known) * LEAF_BYTES))
    table.push(leaves)
    await sending
    const bytes = full.buffer.subarray(0, full.used)
    const body = { sizeBytes: bytes.length, chunkBytes, pieces: () => slices(bytes) }
    sending = replicas.put(packRef(chunkBytes, leaves), body, { mayBeThere: known > 0 }).then(() => {
      spare = full.buffer
    })
    // The failure is met at the next await of `sending`; until then it must not count as unhandled.
    sending.catch(() => {})
  }

  return {
    async add({ pieces, sizeBytes, isLast }) {
      if (count >= MAX_CHUNKS) throw fail('object-too-large', { expected: MAX_CHUNKS })
      if (pack === null) {
        pack = { buffer: spare ?? new Uint8Array(perPack * chunkBytes), leaves: [], used: 0 }
        spare = null
      }
      const out = pack.buffer.subarray(pack.used, pack.used + sizeBytes + TAG_BYTES)
      await cipher.seal(count, isLast, pieces, out)
      const leaf = await digestOf(out)
      const recorded = leafAt(journaled, count)
      if (recorded.length > 0 && !equalBytes(recorded, leaf)) throw fail('source-changed', { meta: { chunk: count } })
      pack.leaves.push(leaf)
      pack.used += out.length
      count++
      if (pack.leaves.length < perPack && !isLast) return
      const full = pack
      pack = null
      await send(full)
    },
    async finish() {
      await sending
      return concat(...table)
    },
  }
}

const SLICE_BYTES = 1 << 18

function* slices(bytes: Uint8Array): Generator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES)
}
