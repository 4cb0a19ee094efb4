import { join } from 'node:path'
import { folderSink } from '@allod/content/node'
import { openFolder } from '@allod/content/open'
import { fetchTree, type Store } from '@allod/content/stores'
import type { JobDocument } from '@allod/protocol'
import type { OpenedKey } from '../grant/openKeys.ts'
import type { Places } from '../places.ts'
import { blaming } from './InputFault.ts'

/**
 * Fetches, verifies and opens every input into `/in/<name>`, and the engine into its folder. Each chunk is checked before
 * it is decrypted; keys are erased as soon as their object is open.
 * @throws what `openFolder` and `fetchTree` throw, with the offer to blame
 */
export async function openInputs(
  job: JobDocument,
  keys: readonly OpenedKey[],
  stores: readonly Store[],
  places: Places,
): Promise<void> {
  const { terms, spec } = job
  for (const { input, objectId, manifest, dek } of keys) {
    await blaming(terms, objectId, () => openFolder({ manifest, dek, stores }, folderSink(join(places.input, input))))
    dek.erase()
  }
  for (const [input, named] of Object.entries(spec.inputs))
    if (named.kind === 'public') await fetchTree(stores, named.treeHash, folderSink(join(places.input, input)))
  const { digest } = spec.engine
  await blaming(terms, digest, () => fetchTree(stores, digest, folderSink(places.engine)))
}
