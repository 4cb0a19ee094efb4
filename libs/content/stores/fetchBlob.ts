import { type AllodError, concat, type Hex, isAllodError, toHex } from '@allod/protocol'
import { rawRef } from '../blob.ts'
import { digestOf } from '../digest.ts'
import { fail } from '../errors.ts'
import type { Store, StoreFault } from './Store.ts'

export type FetchOptions = {
  readonly signal?: AbortSignal | undefined
  /** Told of every store that failed or lied, as it happens. */
  readonly onFault?: ((fault: StoreFault) => void) | undefined
}

/**
 * A raw blob of at most `maxBytes` from the first store that delivers it intact.
 * @throws content/no-replica with every store's fault, content/aborted
 */
export async function fetchBlob(
  stores: readonly Store[],
  digest: Hex,
  { maxBytes, signal, onFault }: FetchOptions & { readonly maxBytes: number },
): Promise<Uint8Array> {
  return firstIntact(stores, { digest, signal, onFault }, async (store) => {
    const pieces: Uint8Array[] = []
    let size = 0
    for await (const piece of store.get(rawRef(digest), { signal, maxBytes })) {
      size += piece.length
      if (size > maxBytes) throw fail('short-read', { expected: maxBytes, actual: size })
      pieces.push(piece)
    }
    const bytes = concat(...pieces)
    const actual = toHex(await digestOf(bytes))
    if (actual !== digest) throw fail('blob-mismatch', { expected: digest, actual, meta: { store: store.id } })
    return bytes
  })
}

/**
 * Runs `attempt` on one store after another until one succeeds.
 * @throws content/no-replica naming each store's error code, content/aborted
 */
export async function firstIntact<T>(
  stores: readonly Store[],
  { digest, signal, onFault }: FetchOptions & { readonly digest: Hex },
  attempt: (store: Store) => Promise<T>,
): Promise<T> {
  const faults: StoreFault[] = []
  for (const store of stores) {
    requireRunning(signal)
    try {
      return await attempt(store)
    } catch (error) {
      requireRunning(signal)
      const fault = { store: store.id, error: asStoreError(error) }
      faults.push(fault)
      onFault?.(fault)
    }
  }
  throw fail('no-replica', { expected: digest, meta: { faults: describeFaults(faults) }, cause: faults[0]?.error })
}

/** Faults as errors show them. */
export const describeFaults = (faults: readonly StoreFault[]) =>
  faults.map(({ store, error }) => ({ store, code: error.code }))

/** Stops where the caller asked to. @throws content/aborted */
export function requireRunning(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw fail('aborted', { cause: signal.reason })
}

/** An error of a store; faults of the program itself are not a store's and go through. */
export function asStoreError(error: unknown): AllodError {
  if (isAllodError(error)) return error
  throw error
}
