import { equalBytes, type Hex, toHex } from '@allod/protocol'
import { TAG_BYTES } from '../aead.ts'
import { digestOf } from '../digest.ts'
import { fail } from '../errors.ts'
import type { Header } from '../header.ts'
import { chunkLengthOf, packChunks, placeOf } from '../layout.ts'
import { leafAt } from '../merkle.ts'
import { asStoreError, type FetchOptions, firstIntact, requireRunning } from '../stores/fetchBlob.ts'
import type { Store, StoreFault } from '../stores/Store.ts'
import type { LeafTable } from './leafTable.ts'

/** Chunks `first` up to `end` (exclusive) of one pack. */
export type Span = { readonly first: number; readonly end: number }
/** Gives a span's sealed chunks, each held against its leaf. @throws content/no-replica, content/aborted */
export type SpanSource = (span: Span, signal: AbortSignal) => Promise<readonly Uint8Array[]>

type SpanContext = Pick<FetchOptions, 'onFault'> & {
  readonly header: Header
  readonly table: LeafTable
  readonly stores: readonly Store[]
}

/** Fetches spans, spread over the stores; a store that failed or lied is from then on asked last. Needs no key. */
export function newSpanSource({ header, table, stores, onFault }: SpanContext): SpanSource {
  const suspects = new Set<Hex>()
  let turn = 0
  return async ({ first, end }, signal) => {
    const { pack } = placeOf(header, first)
    const leaves = await table.leavesOf(pack, signal)
    const firstOfPack = packChunks(header, pack).first
    const ref = table.refOf(pack)
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
      try {
        for await (const chunk of regroup(store.get(ref, { range, signal }), lengths)) {
          const index = first + good.length
          const leaf = leafAt(leaves, index - firstOfPack)
          if (!equalBytes(await digestOf(chunk), leaf))
            throw fail('chunk-mismatch', { expected: toHex(leaf), meta: { store: store.id, chunk: index } })
          good.push(chunk)
        }
      } catch (error) {
        if (good.length < end - first) throw error
        // All that was asked for is there; what came after it says only what this store is like.
        requireRunning(signal)
        suspect({ store: store.id, error: asStoreError(error) })
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
