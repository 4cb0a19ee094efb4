import { type Manifest, manifestObjectId, parseHeader } from '@allod/content'
import { fetchManifest } from '@allod/content/open'
import { fromHex, type Hex, type Policy } from '@allod/protocol'
import type { Allod } from '../allod.ts'

/** What anybody may know of a sealed object. */
export type ObjectFacts = {
  readonly objectId: Hex
  readonly owner: Hex
  readonly manifest: Manifest
  readonly policy: Policy
  /** Bytes as stored; of a padded object only its size class. */
  readonly storedBytes: number
  readonly isPadded: boolean
  readonly standing: string
  readonly isDerived: boolean
}

/** An object by the hash of its manifest, and what the chain says of it. @throws content/no-replica */
export async function objectOf({ stores, chain }: Allod, manifestHash: Hex): Promise<ObjectFacts> {
  const manifest = await fetchManifest(stores, manifestHash)
  const { lengthBytes, isPadded } = parseHeader(fromHex(manifest.header))
  const objectId = manifestObjectId(manifest)
  const { standing, isDerived } = await (await chain.latest()).asset(objectId)
  const { owner, policy } = manifest
  return { objectId, owner, manifest, policy, storedBytes: lengthBytes, isPadded, standing, isDerived }
}
