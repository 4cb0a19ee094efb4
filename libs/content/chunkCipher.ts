import { concat, sha256, u32, utf8 } from '@allod/protocol'
import { type Aead, aeadUnder } from './aead.ts'
import { fail } from './errors.ts'
import { encodePrefix, type HeaderStart } from './header.ts'
import type { ObjectKeys } from './objectKeys.ts'

/** Seals and opens the chunks of one object. */
export type ChunkCipher = {
  /** Encrypts the pieces of chunk `index` into `out` (16 bytes longer). */
  seal(index: number, isLast: boolean, pieces: readonly Uint8Array[], out: Uint8Array): Promise<void>
  /** Decrypts chunk `index`. @throws content/chunk-unopened */
  open(index: number, isLast: boolean, sealed: Uint8Array): Promise<Uint8Array>
}

// A fresh key every 2^15 chunks keeps each far below GCM's limits: 32 GiB at 1 MiB.
const SEGMENT_LOG2 = 15

/** The cipher of an object whose keys and header start are given. */
export function newChunkCipher(keys: ObjectKeys, start: HeaderStart): ChunkCipher {
  const aad = sha256(utf8('allod/aad/v1'), encodePrefix(start), start.salt, start.keyCommitment)
  let current: { readonly segment: number; readonly aead: Promise<Aead> } | null = null
  const aeadOf = (index: number): Promise<Aead> => {
    const segment = index >>> SEGMENT_LOG2
    if (current?.segment !== segment) current = { segment, aead: keys.segment(segment).then(aeadUnder) }
    return current.aead
  }
  return {
    async seal(index, isLast, pieces, out) {
      const aead = await aeadOf(index)
      await aead.seal(nonceOf(index, isLast), aad, pieces, out)
    },
    async open(index, isLast, sealed) {
      const aead = await aeadOf(index)
      const plaintext = await aead.open(nonceOf(index, isLast), aad, sealed)
      if (plaintext === null) throw fail('chunk-unopened', { meta: { chunk: index } })
      return plaintext
    },
  }
}

// The STREAM construction's nonce: position and last flag, so that order and end are authenticated.
const nonceOf = (index: number, isLast: boolean): Uint8Array =>
  concat(new Uint8Array(7), u32(index), Uint8Array.of(isLast ? 1 : 0))
