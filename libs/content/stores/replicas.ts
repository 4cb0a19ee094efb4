import type { BlobRef, Body } from '../blob.ts'
import { fail } from '../errors.ts'
import { requireStorageReceipt, type StorageReceipt } from '../storageReceipt.ts'
import { asStoreError, describeFaults, requireRunning } from './fetchBlob.ts'
import type { Store, StoreFault } from './Store.ts'

/** Stores that hold every blob put so far. */
export type Replicas = {
  /**
   * Sends a blob to every store that has not failed yet.
   * @param mayBeThere asks first, where an earlier sealing may have sent it
   * @throws content/too-few-replicas, content/aborted
   */
  put(ref: BlobRef, body: Body, options?: { readonly mayBeThere?: boolean }): Promise<readonly StorageReceipt[]>
  /** Stores that failed and were given up. */
  readonly faults: readonly StoreFault[]
}

export type ReplicaOptions = {
  /** How many stores must hold everything. */
  readonly replicas: number
  readonly signal?: AbortSignal | undefined
  readonly onFault?: ((fault: StoreFault) => void) | undefined
}

/** Writes to several stores at once; one that fails is given up, as long as enough are left. */
export function newReplicas(stores: readonly Store[], { replicas, signal, onFault }: ReplicaOptions): Replicas {
  const faults: StoreFault[] = []
  let live = stores
  const requireEnough = (): void => {
    if (live.length < replicas)
      throw fail('too-few-replicas', {
        expected: replicas,
        actual: live.length,
        meta: { faults: describeFaults(faults) },
        cause: faults.at(-1)?.error,
      })
  }
  const putTo = async (store: Store, ref: BlobRef, body: Body, mayBeThere: boolean): Promise<StorageReceipt | null> => {
    try {
      const there = mayBeThere ? await store.stat(ref, { signal }) : null
      const isThere = there !== null && there.sizeBytes === body.sizeBytes
      const receipt = isThere ? there : await store.put(ref, body, { signal })
      return requireStorageReceipt(receipt, { store: store.id, digest: ref.digest, sizeBytes: body.sizeBytes })
    } catch (error) {
      requireRunning(signal)
      const fault = { store: store.id, error: asStoreError(error) }
      faults.push(fault)
      onFault?.(fault)
      live = live.filter((s) => s !== store)
      return null
    }
  }
  return {
    faults,
    async put(ref, body, { mayBeThere = false } = {}) {
      requireRunning(signal)
      requireEnough()
      const receipts = await Promise.all(live.map((store) => putTo(store, ref, body, mayBeThere)))
      requireEnough()
      return receipts.filter((r) => r !== null)
    },
  }
}
