import { type Manifest, manifestHash, manifestObjectId } from '@allod/content'
import { copyObject, readBack } from '@allod/content/open'
import type { Store, StoreFault } from '@allod/content/stores'
import { type AllodError, type Hex, isAllodError } from '@allod/protocol'
import type { Allod } from '../allod.ts'

export type ReplicateOptions = {
  /** Bytes sent to one store, of all that it lacked. */
  readonly onProgress?: (progress: {
    readonly store: Hex
    readonly doneBytes: number
    readonly totalBytes: number
  }) => void
  readonly signal?: AbortSignal
}

/** What became of one store. */
export type Replica = {
  readonly store: Hex
  /** `lacking` names why in `error`. */
  readonly kind: 'held' | 'copied' | 'lacking'
  readonly sentBytes: number
  readonly error: AllodError | null
}

export type Replication = {
  readonly objectId: Hex
  readonly manifestHash: Hex
  /** In the network's order. */
  readonly replicas: readonly Replica[]
}

/** Chunks read back from each store at random: one that lost a fifth of them is found out with odds of 97 %. */
const SAMPLES = 16

/**
 * Copies an object's ciphertext to every store of the network that lacks it, from those that have it. Needs no key and no
 * wallet. Chunks are held against their leaves before they are sent on, the manifest goes last, and random chunks are read
 * back from every store at the end. What is there is not sent again: doing it once more is free, and goes on where it broke off.
 * A store that is found to give back something else is read whole, and gets anew what it spoiled.
 * @param manifest as `fetchManifest` or an order's report gives it
 * @throws content/aborted; what a store did wrong is in its replica
 */
export async function replicateObject(
  { stores }: Pick<Allod, 'stores'>,
  manifest: Manifest,
  options: ReplicateOptions = {},
): Promise<Replication> {
  const replicas: Replica[] = []
  for (const store of stores) replicas.push(await replicateTo(store, stores, manifest, options))
  return { objectId: manifestObjectId(manifest), manifestHash: manifestHash(manifest), replicas }
}

async function replicateTo(
  to: Store,
  stores: readonly Store[],
  manifest: Manifest,
  { signal, onProgress }: ReplicateOptions,
): Promise<Replica> {
  const { id: store } = to
  const others = stores.filter((s) => s !== to)
  let sentBytes = 0
  const copy = async (isSuspect: boolean): Promise<StoreFault | undefined> => {
    const before = sentBytes
    await copyObject(manifest, {
      // Itself last: one that has everything needs no other store to be up.
      from: isSuspect ? others : [...others, to],
      ...{ to, isSuspect, signal },
      onProgress: (progress) => {
        sentBytes = before + progress.doneBytes
        onProgress?.({ store, ...progress })
      },
    })
    return (await readBack(manifest, [to], { samples: SAMPLES, signal })).faults[0]
  }
  try {
    let fault = await copy(false)
    if (fault !== undefined && !isAllodError(fault.error, 'content/store-unreachable')) fault = await copy(true)
    if (fault !== undefined) throw fault.error
    return { store, kind: sentBytes === 0 ? 'held' : 'copied', sentBytes, error: null }
  } catch (error) {
    if (!isAllodError(error) || error.code === 'content/aborted') throw error
    return { store, kind: 'lacking', sentBytes, error }
  }
}
