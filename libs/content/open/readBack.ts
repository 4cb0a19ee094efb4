import { equalBytes, fromHex, toHex } from '@allod/protocol'
import { digestOf } from '../digest.ts'
import { fail } from '../errors.ts'
import { parseHeader } from '../header.ts'
import { chunkCountOf, packChunks, placeOf } from '../layout.ts'
import type { Manifest } from '../manifest.ts'
import { leafAt } from '../merkle.ts'
import { asStoreError, type FetchOptions, requireRunning } from '../stores/fetchBlob.ts'
import { fetchRange } from '../stores/fetchRange.ts'
import type { Store, StoreFault } from '../stores/Store.ts'
import { fetchLeafTable } from './leafTable.ts'

/**
 * Reads random chunks of an object back from every store and holds them against their leaves; needs no key. A store that
 * lost the share p of an object's chunks is found out with odds of 1 - (1 - p)^samples.
 * @throws content/aborted
 */
export async function readBack(
  manifest: Manifest,
  stores: readonly Store[],
  { samples, signal }: Pick<FetchOptions, 'signal'> & { readonly samples: number },
): Promise<{ readonly faults: readonly StoreFault[] }> {
  const faults: StoreFault[] = []
  for (const store of stores) {
    try {
      await readBackFrom(manifest, store, samples, signal)
    } catch (error) {
      requireRunning(signal)
      faults.push({ store: store.id, error: asStoreError(error) })
    }
  }
  return { faults }
}

async function readBackFrom(manifest: Manifest, store: Store, samples: number, signal?: AbortSignal): Promise<void> {
  const header = parseHeader(fromHex(manifest.header))
  const count = chunkCountOf(header)
  const table = await fetchLeafTable(manifest, [store], { signal })
  for (let i = 0; i < samples; i++) {
    const index = randomBelow(count)
    const { pack, start, end } = placeOf(header, index)
    const leaves = await table.leavesOf(pack)
    const chunk = await fetchRange(store, table.refOf(pack), { start, end }, signal)
    const leaf = leafAt(leaves, index - packChunks(header, pack).first)
    if (!equalBytes(await digestOf(chunk), leaf))
      throw fail('chunk-mismatch', { expected: toHex(leaf), meta: { store: store.id, chunk: index } })
  }
}

// The bias of a remainder by at most 2^21 out of 2^32 does not matter here.
const randomBelow = (count: number): number => (crypto.getRandomValues(new Uint32Array(1))[0] as number) % count
