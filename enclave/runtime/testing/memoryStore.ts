import { type BlobRef, blobPath, signStorageReceipt } from '@allod/content'
import type { Store } from '@allod/content/stores'
import { concat, newSigningKey } from '@allod/protocol'

/** A store for tests; one that forgets promises to keep everything and gives nothing back. */
export function memoryStore({ forgets = false } = {}): Store {
  const key = newSigningKey()
  const blobs = new Map<string, Uint8Array>()
  const receipt = ({ digest }: BlobRef, sizeBytes: number) =>
    signStorageReceipt(key, { digest, sizeBytes, time: 1_700_000_000 })
  return {
    id: key.address,
    async put(ref, body) {
      const pieces: Uint8Array[] = []
      for await (const piece of body.pieces()) pieces.push(Uint8Array.from(piece))
      if (!forgets) blobs.set(blobPath(ref), concat(...pieces))
      return receipt(ref, body.sizeBytes)
    },
    async *get(ref, { range } = {}) {
      const bytes = blobs.get(blobPath(ref))
      if (bytes === undefined) throw new Error('not here')
      yield range ? bytes.subarray(range.start, range.end) : bytes
    },
    has: async (refs) => refs.map((ref) => blobs.has(blobPath(ref))),
    async stat(ref) {
      const bytes = blobs.get(blobPath(ref))
      return bytes === undefined ? null : receipt(ref, bytes.length)
    },
    health: async () => ({ usedBytes: 0, freeBytes: 2 ** 40 }),
  }
}
