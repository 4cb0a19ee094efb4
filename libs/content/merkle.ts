import { equalBytes, sha256, u32 } from '@allod/protocol'
import { fail } from './errors.ts'

/** Bytes of a leaf and of every node. */
export const LEAF_BYTES = 32

/** Leaf `index` of a leaf table. */
export const leafAt = (table: Uint8Array, index: number): Uint8Array =>
  table.subarray(index * LEAF_BYTES, (index + 1) * LEAF_BYTES)

/** A tree that grows leaf by leaf; of it only one node per complete subtree is held. */
export type MerkleTree = {
  /** Adds leaves of 32 bytes, in order. */
  add(leaves: Uint8Array): void
  /** Over what was added, one leaf at least. */
  root(): Uint8Array
}

/** An empty tree in the shape of RFC 6962: one of n leaves splits at the largest power of two below n; no padding, no repeats. */
export function newMerkleTree(): MerkleTree {
  // Complete subtrees, largest first, as a binary counter holds them.
  const stack: { readonly node: Uint8Array; readonly size: number }[] = []
  let count = 0
  return {
    add(leaves) {
      for (let i = 0; i < leaves.length / LEAF_BYTES; i++) {
        let top = { node: leafNode(count++, leafAt(leaves, i)), size: 1 }
        for (let left = stack.at(-1); left?.size === top.size; left = stack.at(-1)) {
          stack.pop()
          top = { node: innerNode(left.node, top.node), size: 2 * top.size }
        }
        stack.push(top)
      }
    },
    root: () => stack.map((s) => s.node).reduceRight((right, left) => innerNode(left, right)),
  }
}

/** The root over a leaf table: 32 bytes per chunk, at least one. */
export function merkleRoot(table: Uint8Array): Uint8Array {
  const tree = newMerkleTree()
  tree.add(table)
  return tree.root()
}

/** The sibling nodes from leaf `index` up to the root. */
export function inclusionProof(table: Uint8Array, index: number): readonly Uint8Array[] {
  return path(table, 0, table.length / LEAF_BYTES, index)
}

/**
 * Checks that `leaf` is number `index` of `count` under `root`.
 * @throws content/bad-proof
 */
export function requireInclusion(
  root: Uint8Array,
  { index, count, leaf, proof }: { index: number; count: number; leaf: Uint8Array; proof: readonly Uint8Array[] },
): void {
  if (!Number.isInteger(index) || index < 0 || index >= count) throw fail('bad-proof', { meta: { index, count } })
  let node = leafNode(index, leaf)
  let [at, last] = [index, count - 1]
  for (const sibling of proof) {
    if (last === 0 || sibling.length !== LEAF_BYTES) throw fail('bad-proof', { meta: { index, count } })
    if (at % 2 === 1 || at === last) {
      node = innerNode(sibling, node)
      // A node without a right sibling moves up unchanged until it is somebody's right child.
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)]
    } else node = innerNode(node, sibling)
    ;[at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
  }
  if (last !== 0 || !equalBytes(node, root)) throw fail('bad-proof', { meta: { index, count } })
}

function path(table: Uint8Array, first: number, count: number, index: number): Uint8Array[] {
  if (count === 1) return []
  const split = 2 ** Math.floor(Math.log2(count - 1))
  return index < split
    ? [...path(table, first, split, index), subtree(table, first + split, count - split)]
    : [...path(table, first + split, count - split, index - split), subtree(table, first, split)]
}

function subtree(table: Uint8Array, first: number, count: number): Uint8Array {
  if (count === 1) return leafNode(first, leafAt(table, first))
  const split = 2 ** Math.floor(Math.log2(count - 1))
  return innerNode(subtree(table, first, split), subtree(table, first + split, count - split))
}

const leafNode = (index: number, leaf: Uint8Array): Uint8Array => sha256(Uint8Array.of(0), u32(index), leaf)
const innerNode = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(Uint8Array.of(1), left, right)
