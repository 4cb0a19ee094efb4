import type { Hex } from '@allod/protocol'
import { rawRef } from '../blob.ts'
import { newHasher } from '../digest.ts'
import { fail } from '../errors.ts'
import type { FolderSink } from '../folder.ts'
import { decodeTree, MAX_TREE_BYTES, type Tree, type TreeFile } from '../tree/tree.ts'
import { type FetchOptions, fetchBlob, firstIntact } from './fetchBlob.ts'
import type { Store } from './Store.ts'

/**
 * Fetches a public folder into a sink; a file is committed only when its bytes hash to what the tree says.
 * @throws content/no-replica, content/bad-tree, content/bad-path, content/aborted
 */
export async function fetchTree(
  stores: readonly Store[],
  hash: Hex,
  sink: FolderSink,
  options: FetchOptions = {},
): Promise<Tree> {
  const tree = decodeTree(await fetchBlob(stores, hash, { ...options, maxBytes: MAX_TREE_BYTES }), hash)
  for (const file of tree)
    await firstIntact(stores, { ...options, digest: file.sha256 }, (store) =>
      fetchFile(store, file, sink, options.signal),
    )
  return tree
}

async function fetchFile(
  store: Store,
  file: TreeFile,
  sink: FolderSink,
  signal: AbortSignal | undefined,
): Promise<void> {
  const out = await sink.open(file)
  try {
    const hasher = newHasher()
    let sizeBytes = 0
    for await (const piece of store.get(rawRef(file.sha256), { signal, maxBytes: file.sizeBytes })) {
      sizeBytes += piece.length
      if (sizeBytes > file.sizeBytes) break
      hasher.update(piece)
      await out.write(piece)
    }
    if (sizeBytes !== file.sizeBytes)
      throw fail('short-read', { expected: file.sizeBytes, actual: sizeBytes, meta: { store: store.id } })
    const actual = await hasher.digest()
    if (actual !== file.sha256)
      throw fail('blob-mismatch', { expected: file.sha256, actual, meta: { store: store.id } })
  } catch (error) {
    await out.discard()
    throw error
  }
  await out.commit()
}
