import type { AllodError, Hex } from '@allod/protocol'
import type { BlobRef, Body } from '../blob.ts'
import type { StorageReceipt } from '../storageReceipt.ts'

/** Part of a blob in bytes, `end` exclusive. */
export type ByteRange = { readonly start: number; readonly end: number }

type Stoppable = { readonly signal?: AbortSignal | undefined }

/**
 * Where blobs are kept. Nothing it says is trusted: callers check receipts against `id`, and bytes against digests and leaves.
 * Every method may throw content/store-unreachable and content/store-refused.
 */
export type Store = {
  /** The address whose key signs this store's receipts. */
  readonly id: Hex
  /** Stores a blob durably; where it is there already, in its place or not at all. */
  put(ref: BlobRef, body: Body, options?: Stoppable): Promise<StorageReceipt>
  /**
   * The blob's bytes, or a range of them, unchecked. Of a whole blob, `maxBytes` are expected at most: how long a store may
   * take goes by that, not by what it says itself.
   * @throws content/blob-not-found, content/short-read
   */
  get(
    ref: BlobRef,
    options?: Stoppable & { readonly range?: ByteRange; readonly maxBytes?: number },
  ): AsyncIterable<Uint8Array>
  /** Which of at most 1,000 blobs are there. */
  has(refs: readonly BlobRef[], options?: Stoppable): Promise<readonly boolean[]>
  /** A fresh receipt for a blob that is there, else null. */
  stat(ref: BlobRef, options?: Stoppable): Promise<StorageReceipt | null>
  /** @throws content/bad-receipt where another store answers */
  health(options?: Stoppable): Promise<StoreHealth>
}

export type StoreHealth = { readonly usedBytes: number; readonly freeBytes: number }

/** What a store did wrong. */
export type StoreFault = { readonly store: Hex; readonly error: AllodError }

export const MAX_HAS = 1000
