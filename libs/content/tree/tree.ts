import {
  canonicalise,
  equalBytes,
  flag,
  type Hex,
  hex,
  integer,
  type Json,
  list,
  parseCanonical,
  record,
  type Shaped,
  sha256,
  taggedHash,
  text,
  toHex,
  utf8,
} from '@allod/protocol'
import { taggedBlob } from '../blob.ts'
import { newHasher } from '../digest.ts'
import { fail } from '../errors.ts'
import { type FolderSource, MAX_FILES, MAX_PATH_BYTES, newFolderCheck } from '../folder.ts'

const treeShape = list(
  record({ path: text(MAX_PATH_BYTES), sizeBytes: integer(), isExecutable: flag, sha256: hex(32) }),
  MAX_FILES,
)

/** A public folder: its files in order of path, each with the digest of its content. */
export type Tree = Shaped<typeof treeShape>
export type TreeFile = Tree[number]

const TAG = 'allod/tree/v1'
/** Largest tree document, in bytes. */
export const MAX_TREE_BYTES = 1 << 24

/** A folder's tree, by reading every file. @throws content/bad-path, content/file-changed, content/folder-too-large */
export async function treeOf(folder: FolderSource): Promise<Tree> {
  const files: TreeFile[] = []
  for (const file of folder.files) {
    const hasher = newHasher()
    let sizeBytes = 0
    for await (const piece of folder.read(file)) {
      sizeBytes += piece.length
      hasher.update(piece)
      folder.release?.(piece)
    }
    if (sizeBytes !== file.sizeBytes)
      throw fail('file-changed', { expected: file.sizeBytes, actual: sizeBytes, meta: { path: file.path } })
    files.push({ path: file.path, sizeBytes, isExecutable: file.isExecutable, sha256: await hasher.digest() })
  }
  return requireTree(files)
}

/** A public folder's name: SHA-256("allod/tree/v1" ‖ canonical list). Also the digest of its document in stores. */
export const treeHash = (tree: Tree): Hex => taggedHash(TAG, canonicalise(tree as Json))

/** The tree document as a blob of a store. */
export const encodeTree = (tree: Tree): Uint8Array => taggedBlob(TAG, canonicalise(tree as Json))

/** Parses a tree document. @throws content/blob-mismatch, content/bad-tree, content/bad-path */
export function decodeTree(blob: Uint8Array, expectedHash: Hex): Tree {
  const actual = toHex(sha256(blob))
  if (actual !== expectedHash) throw fail('blob-mismatch', { expected: expectedHash, actual })
  const tag = utf8(TAG)
  if (!equalBytes(blob.subarray(0, tag.length), tag)) throw fail('bad-tree', { expected: TAG })
  let tree: Tree
  try {
    tree = treeShape(parseCanonical(blob.subarray(tag.length), MAX_TREE_BYTES))
  } catch (cause) {
    throw fail('bad-tree', { cause })
  }
  return requireTree(tree)
}

function requireTree(tree: Tree): Tree {
  const check = newFolderCheck()
  for (const file of tree) check(file)
  return tree
}
