import { encodeManifest, type Manifest, manifestHash, rawRef, requireStorageReceipt } from '@allod/content'
import { type Hex, isAllodError } from '@allod/protocol'
import type { Allod } from '../allod.ts'

/** How long a store may take to say that it holds something, before it counts as one that does not. */
const ANSWER_MS = 5000

/** Who has an object, by signed word: the manifest is sent last, so a store that has it was given everything. */
export type ObjectHolders = {
  readonly manifestHash: Hex
  readonly holders: readonly Hex[]
  /** How many stores the network describes. */
  readonly stores: number
}

/** Asks every store of the network for a receipt of an object's manifest. A store that is down holds nothing now. */
export async function objectHolders({ stores }: Pick<Allod, 'stores'>, manifest: Manifest): Promise<ObjectHolders> {
  const digest = manifestHash(manifest)
  const { length: sizeBytes } = encodeManifest(manifest)
  const signal = AbortSignal.timeout(ANSWER_MS)
  const asked = await Promise.all(
    stores.map(async ({ id, stat }) => {
      try {
        const receipt = await stat(rawRef(digest), { signal })
        if (receipt === null) return null
        requireStorageReceipt(receipt, { store: id, digest, sizeBytes })
        return id
      } catch (error) {
        if (!isAllodError(error)) throw error
        return null
      }
    }),
  )
  return { manifestHash: digest, holders: asked.filter((id) => id !== null), stores: stores.length }
}
