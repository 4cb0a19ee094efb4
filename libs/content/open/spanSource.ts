import { equalBytes, fromHex, type Hex, toHex } from '@allod/protocol'
import { TAG_BYTES } from '../aead.ts'
import { packRef } from '../blob.ts'
import { digestOf } from '../digest.ts'
import { fail } from '../errors.ts'
import { type Header, parseHeader } from '../header.ts'
import { chunkCountOf, chunkLengthOf, packChunks, placeOf, sealedChunkBytes } from '../layout.ts'
import type { Manifest } from '../manifest.ts'
import { LEAF_BYTES, leafAt, merkleRoot } from '../merkle.ts'
import { type FetchOptions, fetchBlob, firstIntact } from '../stores/fetchBlob.ts'
import type { Store, StoreFault } from '../stores/Store.ts'

/** Chunks `first` up to `end` (exclusive) of one pack. */
export type Span = { readonly first: number; readonly end: number }
/** Gives a span's sealed chunks, each held against its leaf. @throws content/no-replica, content/aborted */
export type SpanSource = (span: Span, signal: AbortSignal) => Promise<readonly Uint8Array[]>

/**
 * An object's leaf table, as its header's root commits to it.
 * @throws content/leaf-table-mismatch, content/no-replica
 */
export async function fetchLeafTable(
  manifest: Manifest,
  stores: readonly Store[],
  options: FetchOptions,
): Promise<Uint8Array> {
  const header = parseHeader(fromHex(manifest.header))
  const sizeBytes = chunkCountOf(header) * LEAF_BYTES
  const table = await fetchBlob(stores, manifest.leafTable, { ...options, maxBytes: sizeBytes })
  if (table.length !== sizeBytes || !equalBytes(merkleRoot(table), header.root))
    throw fail('leaf-table-mismatch', { expected: toHex(header.root) })
  return table
}

type SpanContext = Pick<FetchOptions, 'onFault'> & {
  readonly header: Header
  readonly table: Uint8Array
  readonly stores: readonly Store[]
}

/** Fetches spans, spread over the stores; a store that failed or lied is from then on asked last. Needs no key. */
export function newSpanSource({ header, table, stores, onFault }: SpanContext): SpanSource {
  const suspects = new Set<Hex>()
  let turn = 0
  return async ({ first, end }, signal) => {
    const { pack } = placeOf(header, first)
    const within = packChunks(header, pack)
    const leaves = table.subarray(within.first * LEAF_BYTES, within.end * LEAF_BYTES)
    const ref = packRef(sealedChunkBytes(header), leaves)
    const good: Uint8Array[] = []
    const order = rotate(stores, turn++).sort((a, b) => Number(suspects.has(a.id)) - Number(suspects.has(b.id)))
    const suspect = (fault: StoreFault): void => {
      suspects.add(fault.store)
      onFault?.(fault)
    }
    return firstIntact(order, { digest: ref.digest, signal, onFault: suspect }, async (store) => {
      // What an earlier store delivered intact is kept.
      const next = first + good.length
      const range = { start: placeOf(header, next).start, end: placeOf(header, end - 1).end }
      const lengths = Array.from({ length: end - next }, (_, i) => chunkLengthOf(header, next + i) + TAG_BYTES)
      for await (const chunk of regroup(store.get(ref, { range, signal }), lengths)) {
        const index = first + good.length
        if (!equalBytes(await digestOf(chunk), leafAt(table, index)))
          throw fail('chunk-mismatch', {
            expected: toHex(leafAt(table, index)),
            meta: { store: store.id, chunk: index },
          })
        good.push(chunk)
      }
      return good
    })
  }
}

const rotate = <T>(items: readonly T[], by: number): T[] => items.map((_, i) => items[(i + by) % items.length] as T)

/** A stream as pieces of these lengths; pieces that fit are passed on without a copy. @throws content/short-read */
async function* regroup(
  stream: AsyncIterable<Uint8Array>,
  lengths: readonly number[],
): AsyncGenerator<Uint8Array, void> {
  let turn = 0
  let buffer: Uint8Array | null = null
  let used = 0
  for await (const piece of stream)
    for (let from = 0; from < piece.length; ) {
      const length = lengths[turn]
      if (length === undefined) throw fail('short-read', { meta: { reason: 'too many bytes' } })
      if (buffer === null && piece.length - from >= length) {
        yield piece.subarray(from, from + length)
        from += length
        turn++
        continue
      }
      buffer ??= new Uint8Array(length)
      const part = piece.subarray(from, from + length - used)
      buffer.set(part, used)
      used += part.length
      from += part.length
      if (used < length) continue
      yield buffer
      buffer = null
      used = 0
      turn++
    }
  if (turn < lengths.length) throw fail('short-read', { expected: lengths.length, actual: turn })
}
