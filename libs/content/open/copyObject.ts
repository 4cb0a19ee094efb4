import { fromHex, isAllodError } from '@allod/protocol'
import { type BlobRef, type Body, rawBody, rawRef } from '../blob.ts'
import { type Header, parseHeader } from '../header.ts'
import { chunkCountOf, packChunks, packCountOf, placeOf, sealedChunkBytes } from '../layout.ts'
import { encodeManifest, type Manifest, manifestHash, manifestRef } from '../manifest.ts'
import { LEAF_BYTES } from '../merkle.ts'
import { requireStorageReceipt, type StorageReceipt } from '../storageReceipt.ts'
import { type FetchOptions, fetchBlob, requireRunning } from '../stores/fetchBlob.ts'
import { MAX_HAS, type Store } from '../stores/Store.ts'
import { fetchLeafTable, type LeafTable } from './leafTable.ts'
import { newSpanSource } from './spanSource.ts'

export type CopyOptions = FetchOptions & {
  /** Where the object is; asked one after the other. */
  readonly from: readonly Store[]
  readonly to: Store
  /** Reads what `to` says it has, and sends anew what it does not give back intact. */
  readonly isSuspect?: boolean
  /** Told of bytes sent, of all that `to` lacked when the copy began. */
  readonly onProgress?: (progress: { readonly doneBytes: number; readonly totalBytes: number }) => void
}

export type CopiedObject = {
  /** Of the manifest, which is sent last: what it names was there before. */
  readonly receipt: StorageReceipt
  /** 0 where the store had everything, by its own word; with `isSuspect`, as it gave it back. */
  readonly sentBytes: number
}

/**
 * Copies an object's ciphertext to a store that lacks it or parts of it. Needs no key: every chunk is held against its leaf
 * before it is sent on. What is there is not sent again, so a copy that broke off goes on where it was. One pack in memory.
 * @throws content/no-replica where `from` lacks it too, content/leaf-table-mismatch, content/store-unreachable,
 * content/store-refused, content/bad-receipt, content/aborted
 */
export async function copyObject(
  manifest: Manifest,
  { from, to, isSuspect = false, signal, onFault, onProgress }: CopyOptions,
): Promise<CopiedObject> {
  const header = parseHeader(fromHex(manifest.header))
  const table = await fetchLeafTable(manifest, from, { signal, onFault })
  const packs = packsOf(header, table)
  const last = [
    { ref: rawRef(manifest.leafTable), body: tableBody(header, table, signal) },
    { ref: manifestRef(manifestHash(manifest)), body: rawBody(encodeManifest(manifest)) },
  ] as const satisfies readonly [Part, Part]
  const has = isSuspect
    ? await givesBack(to, manifest, { header, table, packs, last }, signal)
    : await hasOf(to, [...packs, ...last], signal)
  const lacking = packs.filter((_, i) => !has[i])
  const totalBytes = [...lacking, ...last.filter((_, i) => !has[packs.length + i])].reduce((n, p) => n + sizeOf(p), 0)
  const source = newSpanSource({ header, table, stores: from, onFault })
  let doneBytes = 0
  const put = async (ref: BlobRef, body: Body): Promise<StorageReceipt> => {
    requireRunning(signal)
    const receipt = await to.put(ref, body, { signal })
    return requireStorageReceipt(receipt, { store: to.id, digest: ref.digest, sizeBytes: body.sizeBytes })
  }
  for (const { ref, span, sizeBytes } of lacking) {
    const chunks = await source(span, signal ?? NEVER)
    await put(ref, { sizeBytes, chunkBytes: sealedChunkBytes(header), pieces: () => chunks })
    doneBytes += sizeBytes
    onProgress?.({ doneBytes, totalBytes })
  }
  if (!has[packs.length]) await put(last[0].ref, last[0].body)
  // Sent even where it is there, and then signed for only: whoever copied has a receipt.
  const receipt = await put(last[1].ref, last[1].body)
  onProgress?.({ doneBytes: totalBytes, totalBytes })
  return { receipt, sentBytes: totalBytes }
}

const NEVER = new AbortController().signal

type Pack = {
  readonly ref: BlobRef
  readonly span: { readonly first: number; readonly end: number }
  readonly sizeBytes: number
}

const packsOf = (header: Header, table: LeafTable): readonly Pack[] =>
  Array.from({ length: packCountOf(header) }, (_, pack) => {
    const span = packChunks(header, pack)
    return { ref: table.refOf(pack), span, sizeBytes: placeOf(header, span.end - 1).end }
  })

const tableBody = (header: Header, table: LeafTable, signal: AbortSignal | undefined): Body => ({
  sizeBytes: chunkCountOf(header) * LEAF_BYTES,
  chunkBytes: 0,
  async *pieces() {
    for (let pack = 0; pack < packCountOf(header); pack++) yield table.leavesOf(pack, signal)
  },
})

const sizeOf = (part: { readonly sizeBytes: number } | { readonly body: Body }): number =>
  'body' in part ? part.body.sizeBytes : part.sizeBytes

type Part = { readonly ref: BlobRef; readonly body: Body }
type Parts = {
  readonly header: Header
  readonly table: LeafTable
  readonly packs: readonly Pack[]
  /** The leaf table and the manifest. */
  readonly last: readonly [Part, Part]
}

/** What a store gives back intact, packs first: one is read after the other. @throws content/store-unreachable */
async function givesBack(
  store: Store,
  manifest: Manifest,
  { header, table, packs, last: [, document] }: Parts,
  signal: AbortSignal = NEVER,
): Promise<readonly boolean[]> {
  const source = newSpanSource({ header, table, stores: [store] })
  const reads = [
    ...packs.map(
      ({ span }) =>
        () =>
          source(span, signal),
    ),
    () => fetchLeafTable(manifest, [store], { keptPacks: 0, signal }),
    () => fetchBlob([store], document.ref.digest, { maxBytes: document.body.sizeBytes, signal }),
  ]
  const intact: boolean[] = []
  for (const read of reads) intact.push(await read().then(() => true, unlessSpoiled))
  return intact
}

// A store that does not answer says nothing about the bytes it has, and would not take others either.
function unlessSpoiled(error: unknown): false {
  if (!isAllodError(error, 'content/no-replica')) throw error
  if (isAllodError(error.cause, 'content/store-unreachable')) throw error.cause
  return false
}

async function hasOf(
  store: Store,
  parts: readonly { readonly ref: BlobRef }[],
  signal: AbortSignal | undefined,
): Promise<readonly boolean[]> {
  const has: boolean[] = []
  for (let at = 0; at < parts.length; at += MAX_HAS)
    has.push(
      ...(await store.has(
        parts.slice(at, at + MAX_HAS).map((p) => p.ref),
        { signal },
      )),
    )
  return has
}
