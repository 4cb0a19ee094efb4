import type { Hex } from '@allod/protocol'
import { type Body, MAX_BLOB_BYTES, rawBody, rawRef } from '../blob.ts'
import { fail } from '../errors.ts'
import type { FileEntry, FolderSource } from '../folder.ts'
import { encodeTree, type Tree, treeHash, treeOf } from '../tree/tree.ts'
import { newReplicas, type ReplicaOptions } from './replicas.ts'
import type { Store } from './Store.ts'

/**
 * Stores a public folder in the clear: each file by its digest, the tree document last, by the tree hash.
 * @throws content/blob-too-large, content/too-few-replicas, and what `treeOf` throws
 */
export async function publishTree(
  folder: FolderSource,
  stores: readonly Store[],
  { replicas = 2, ...options }: Partial<ReplicaOptions> = {},
): Promise<{ readonly treeHash: Hex; readonly tree: Tree }> {
  for (const { path, sizeBytes } of folder.files)
    if (sizeBytes > MAX_BLOB_BYTES)
      throw fail('blob-too-large', { expected: MAX_BLOB_BYTES, actual: sizeBytes, meta: { path } })
  const tree = await treeOf(folder)
  const all = newReplicas(stores, { replicas, ...options })
  for (const file of tree) await all.put(rawRef(file.sha256), bodyOf(folder, file), { mayBeThere: true })
  const hash = treeHash(tree)
  await all.put(rawRef(hash), rawBody(encodeTree(tree)))
  return { treeHash: hash, tree }
}

const bodyOf = (folder: FolderSource, file: FileEntry): Body => ({
  sizeBytes: file.sizeBytes,
  chunkBytes: 0,
  pieces: () => folder.read(file),
})
