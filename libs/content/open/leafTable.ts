import { equalBytes, fromHex, type Hex, toHex } from '@allod/protocol'
import { type BlobRef, packRef, rawRef } from '../blob.ts'
import { newHasher } from '../digest.ts'
import { fail } from '../errors.ts'
import { type Header, parseHeader } from '../header.ts'
import { chunkCountOf, chunksPerPackOf, packChunks, packCountOf, sealedChunkBytes } from '../layout.ts'
import type { Manifest } from '../manifest.ts'
import { LEAF_BYTES, newMerkleTree } from '../merkle.ts'
import { type FetchOptions, firstIntact } from '../stores/fetchBlob.ts'
import { fetchRange } from '../stores/fetchRange.ts'
import type { Store } from '../stores/Store.ts'

/**
 * An object's leaves, as its header's root commits to them. Of a table of up to 64 MiB, each pack's name is in memory and the
 * leaves of those packs that were read last: 2 MiB. Other leaves are fetched once more, and held against the pack's name.
 */
export type LeafTable = {
  /** The name of a pack in stores. */
  refOf(pack: number): BlobRef
  /** The leaves of a pack's chunks. @throws content/no-replica, content/aborted */
  leavesOf(pack: number, signal?: AbortSignal): Promise<Uint8Array>
}

// Those of 32 GiB, at 1 MiB a chunk.
const KEPT_PACKS = 512

/**
 * Fetches a leaf table and holds it against its digest and the header's root.
 * @param options.keptPacks how many packs' leaves stay in memory; 512 unless told
 * @throws content/leaf-table-mismatch, content/no-replica, content/aborted
 */
export async function fetchLeafTable(
  manifest: Manifest,
  stores: readonly Store[],
  { keptPacks = KEPT_PACKS, signal: stop, onFault }: FetchOptions & { readonly keptPacks?: number },
): Promise<LeafTable> {
  const header = parseHeader(fromHex(manifest.header))
  const digest = manifest.leafTable
  const { root, names, kept } = await firstIntact(stores, { digest, signal: stop, onFault }, (store) =>
    readTable(store, { digest, header, keptPacks, signal: stop }),
  )
  if (!equalBytes(root, header.root)) throw fail('leaf-table-mismatch', { expected: toHex(header.root) })
  // Whoever answered well is asked first.
  let order = stores
  const refOf = (pack: number): BlobRef => ({ kind: 'pack', digest: toHex(nameAt(names, pack)) })
  return {
    refOf,
    async leavesOf(pack, signal = stop) {
      const leaves =
        kept.get(pack) ??
        (await firstIntact(order, { digest, signal, onFault }, async (store) => {
          const fetched = await readLeaves(store, { digest, header, pack, expected: refOf(pack).digest, signal })
          order = [store, ...stores.filter((other) => other !== store)]
          return fetched
        }))
      // At the end again: first is whatever was asked for the longest ago.
      kept.delete(pack)
      kept.set(pack, leaves)
      for (const oldest of kept.keys()) {
        if (kept.size <= keptPacks) break
        kept.delete(oldest)
      }
      return leaves
    },
  }
}

const nameAt = (names: Uint8Array, pack: number): Uint8Array =>
  names.subarray(pack * LEAF_BYTES, (pack + 1) * LEAF_BYTES)

type Where = { readonly digest: Hex; readonly header: Header; readonly signal: AbortSignal | undefined }
type ReadTable = {
  readonly root: Uint8Array
  /** 32 bytes for each pack: the digest it is named by. */
  readonly names: Uint8Array
  readonly kept: Map<number, Uint8Array>
}

async function readTable(
  store: Store,
  { digest, header, keptPacks, signal }: Where & { readonly keptPacks: number },
): Promise<ReadTable> {
  const sizeBytes = chunkCountOf(header) * LEAF_BYTES
  const [tree, hasher] = [newMerkleTree(), newHasher()]
  const names = new Uint8Array(packCountOf(header) * LEAF_BYTES)
  const kept = new Map<number, Uint8Array>()
  let pack = 0
  const add = (leaves: Uint8Array): void => {
    tree.add(leaves)
    names.set(fromHex(packRef(sealedChunkBytes(header), leaves).digest), pack * LEAF_BYTES)
    if (pack < keptPacks) kept.set(pack, leaves)
    pack++
  }
  const group = new Uint8Array(chunksPerPackOf(header) * LEAF_BYTES)
  let [size, used] = [0, 0]
  for await (const piece of store.get(rawRef(digest), { signal, maxBytes: sizeBytes })) {
    size += piece.length
    if (size > sizeBytes) throw fail('short-read', { expected: sizeBytes, actual: size, meta: { store: store.id } })
    hasher.update(piece)
    for (let from = 0; from < piece.length; ) {
      const part = piece.subarray(from, from + group.length - used)
      group.set(part, used)
      used += part.length
      from += part.length
      if (used < group.length) continue
      add(group.slice())
      used = 0
    }
  }
  if (used > 0) add(group.slice(0, used))
  const actual = await hasher.digest()
  if (actual !== digest) throw fail('blob-mismatch', { expected: digest, actual, meta: { store: store.id } })
  // What its digest names and is of another length is the manifest's fault, not the store's.
  return { root: size === sizeBytes ? tree.root() : new Uint8Array(), names, kept }
}

async function readLeaves(
  store: Store,
  { digest, header, pack, expected, signal }: Where & { readonly pack: number; readonly expected: Hex },
): Promise<Uint8Array> {
  const { first, end } = packChunks(header, pack)
  const range = { start: first * LEAF_BYTES, end: end * LEAF_BYTES }
  const leaves = await fetchRange(store, rawRef(digest), range, signal)
  const actual = packRef(sealedChunkBytes(header), leaves).digest
  if (actual !== expected) throw fail('blob-mismatch', { expected, actual, meta: { store: store.id } })
  return leaves
}
