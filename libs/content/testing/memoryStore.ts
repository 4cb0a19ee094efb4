import { concat, newSigningKey, type SigningKey } from '@allod/protocol'
import { blobPath } from '../blob.ts'
import { fail } from '../errors.ts'
import { signStorageReceipt } from '../storageReceipt.ts'
import type { Store } from '../stores/Store.ts'

/** A store for tests: keeps what it is given, and shows its blobs so that a test can break them. */
export type MemoryStore = Store & { readonly blobs: Map<string, Uint8Array>; readonly key: SigningKey }

export function memoryStore(key: SigningKey = newSigningKey()): MemoryStore {
  const blobs = new Map<string, Uint8Array>()
  const receipt = (digest: `0x${string}`, sizeBytes: number) =>
    signStorageReceipt(key, { digest, sizeBytes, time: 1_700_000_000 })
  return {
    id: key.address,
    key,
    blobs,
    async put(ref, body) {
      const pieces: Uint8Array[] = []
      for await (const piece of body.pieces()) pieces.push(piece)
      blobs.set(blobPath(ref), concat(...pieces))
      return receipt(ref.digest, body.sizeBytes)
    },
    async *get(ref, { range } = {}) {
      const bytes = blobs.get(blobPath(ref))
      if (bytes === undefined) throw fail('blob-not-found', { expected: ref.digest })
      // As nodes refuse it.
      if (range && range.start >= range.end) throw fail('store-refused', { actual: 416 })
      yield range ? bytes.subarray(range.start, range.end) : bytes
    },
    has: async (refs) => refs.map((ref) => blobs.has(blobPath(ref))),
    async stat(ref) {
      const bytes = blobs.get(blobPath(ref))
      return bytes === undefined ? null : receipt(ref.digest, bytes.length)
    },
    health: async () => ({ usedBytes: [...blobs.values()].reduce((sum, b) => sum + b.length, 0), freeBytes: 2 ** 40 }),
  }
}
