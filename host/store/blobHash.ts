import { createHash } from 'node:crypto'
import { type BlobRef, packRef } from '@allod/content'
import { concat, type Hex, toHex } from '@allod/protocol'

/** Hashes an upload as it comes. */
export type BlobHash = { update(bytes: Uint8Array): void; digest(): Hex }

/** The hash that names a blob of this kind: of its bytes, or of its chunks' leaves. */
export const newBlobHash = (kind: BlobRef['kind'], chunkBytes: number): BlobHash =>
  kind === 'raw' ? rawHash() : packHash(chunkBytes)

function rawHash(): BlobHash {
  const hash = createHash('sha256')
  return { update: (bytes) => void hash.update(bytes), digest: () => toHex(hash.digest()) }
}

function packHash(chunkBytes: number): BlobHash {
  const leaves: Uint8Array[] = []
  let hash = createHash('sha256')
  let used = 0
  const endChunk = (): void => {
    leaves.push(hash.digest())
    hash = createHash('sha256')
    used = 0
  }
  return {
    update(bytes) {
      for (let from = 0; from < bytes.length; ) {
        const part = bytes.subarray(from, from + chunkBytes - used)
        hash.update(part)
        used += part.length
        from += part.length
        if (used === chunkBytes) endChunk()
      }
    },
    digest() {
      if (used > 0) endChunk()
      return packRef(chunkBytes, concat(...leaves)).digest
    },
  }
}
