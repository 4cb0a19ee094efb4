import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fetchBlob, type Store } from '@allod/content/stores'
import type { CheckpointRef, Hex, Secret } from '@allod/protocol'
import { openCheckpoint } from './sealCheckpoint.ts'

/**
 * Fetches the checkpoint that the host names, and puts it where the engine goes on from. False where stores do not have it,
 * or where it is not one of this order: then the engine starts from the beginning. A host that names an old one costs
 * itself the work in between.
 */
export async function restoreCheckpoint(
  ref: CheckpointRef,
  {
    path,
    key,
    order,
    stores,
  }: { readonly path: string; readonly key: Secret; readonly order: Hex; readonly stores: readonly Store[] },
): Promise<boolean> {
  const sealed = await fetchBlob(stores, ref.digest, { maxBytes: ref.sizeBytes }).catch(() => null)
  const bytes = sealed && openCheckpoint(key, order, sealed)
  if (bytes === null) return false
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(path, bytes, { mode: 0o400 })
  bytes.fill(0)
  return true
}
