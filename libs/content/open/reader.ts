import { equalBytes, fromHex, type Hex, type Secret, toHex } from '@allod/protocol'
import { TAG_BYTES } from '../aead.ts'
import { packRef } from '../blob.ts'
import { type ChunkCipher, newChunkCipher } from '../chunkCipher.ts'
import { digestOf } from '../digest.ts'
import { fail } from '../errors.ts'
import { freeBytes } from '../freeBytes.ts'
import { type Header, parseHeader } from '../header.ts'
import { chunkCountOf, chunkLengthOf, packChunks, placeOf, sealedChunkBytes } from '../layout.ts'
import type { Manifest } from '../manifest.ts'
import { LEAF_BYTES, leafAt, merkleRoot } from '../merkle.ts'
import { requireKey } from '../objectKeys.ts'
import { type FetchOptions, fetchBlob, firstIntact, requireRunning } from '../stores/fetchBlob.ts'
import type { Store, StoreFault } from '../stores/Store.ts'

export type OpenOptions = FetchOptions & {
  /** A manifest that was checked with `requireManifest`. */
  readonly manifest: Manifest
  readonly dek: Secret
  readonly stores: readonly Store[]
  readonly onProgress?: (progress: OpenProgress) => void
  /** Frees each chunk as soon as the next is asked for; for those who keep none. Saves memory and time. */
  readonly isTransient?: boolean
}

/** Plaintext bytes released so far, and in all. */
export type OpenProgress = { readonly openedBytes: number; readonly totalBytes: number }

/** An object's chunks, verified. */
export type ObjectReader = {
  readonly header: Header
  /** Plaintext chunks `first` up to `end` (exclusive), in order, each released only after leaf and tag were checked. */
  chunks(first: number, end: number): AsyncGenerator<Uint8Array, void>
}

// Chunks per request, and requests at once: 16 MiB of ciphertext in memory at 1 MiB per chunk.
const SPAN_BYTES = 1 << 22
const WINDOW = 4

/**
 * Makes ready to read: the key is the header's, the leaf table hashes to the header's root.
 * @throws content/wrong-key, content/leaf-table-mismatch, content/no-replica
 */
export async function newObjectReader(options: OpenOptions): Promise<ObjectReader> {
  const { manifest, dek, stores, signal, onFault, isTransient = false } = options
  const header = parseHeader(fromHex(manifest.header))
  const cipher = newChunkCipher(await requireKey(dek, header), header)
  const count = chunkCountOf(header)
  const table = await fetchBlob(stores, manifest.leafTable, { maxBytes: count * LEAF_BYTES, signal, onFault })
  if (table.length !== count * LEAF_BYTES || !equalBytes(merkleRoot(table), header.root))
    throw fail('leaf-table-mismatch', { expected: toHex(header.root) })
  const source = newSpanSource({ header, table, stores, onFault })
  return { header, chunks: (first, end) => readChunks({ header, cipher, source, signal, isTransient }, first, end) }
}

type SpanSource = (span: Span, signal: AbortSignal) => Promise<readonly Uint8Array[]>
type Span = { readonly first: number; readonly end: number }

type ReadContext = {
  readonly header: Header
  readonly cipher: ChunkCipher
  readonly source: SpanSource
  readonly signal: AbortSignal | undefined
  readonly isTransient: boolean
}

async function* readChunks(
  { header, cipher, source, signal, isTransient }: ReadContext,
  first: number,
  end: number,
): AsyncGenerator<Uint8Array, void> {
  const last = chunkCountOf(header) - 1
  const spans = spansOf(header, first, end)
  // A reader that stops early also stops the requests ahead of it.
  const stop = new AbortController()
  const either = signal ? AbortSignal.any([stop.signal, signal]) : stop.signal
  const ahead: { span: Span; chunks: Promise<readonly Uint8Array[]> }[] = []
  const fill = (): void => {
    while (ahead.length < WINDOW) {
      const next = spans.next()
      if (next.done) return
      const chunks = source(next.value, either)
      // A failure ahead is met when its turn comes.
      chunks.catch(() => {})
      ahead.push({ span: next.value, chunks })
    }
  }
  try {
    fill()
    for (let head = ahead.shift(); head !== undefined; head = ahead.shift()) {
      const sealed = await head.chunks
      fill()
      for (const [i, chunk] of sealed.entries()) {
        requireRunning(signal)
        const index = head.span.first + i
        const plaintext = await cipher.open(index, index === last, chunk)
        yield plaintext
        if (isTransient) freeBytes(plaintext)
      }
    }
  } finally {
    stop.abort()
  }
}

/** Spans of chunks that lie in one pack; the first is one chunk, so that the first byte comes soon. */
function* spansOf(header: Header, first: number, end: number): Generator<Span, void> {
  const most = Math.max(1, SPAN_BYTES >> header.chunkLog2)
  for (let at = first; at < end; ) {
    const pack = placeOf(header, at).pack
    const stop = Math.min(end, packChunks(header, pack).end, at + (at === first ? 1 : most))
    yield { first: at, end: stop }
    at = stop
  }
}

type SpanContext = Pick<FetchOptions, 'onFault'> & {
  readonly header: Header
  readonly table: Uint8Array
  readonly stores: readonly Store[]
}

/** Fetches spans, spread over the stores; a store that failed or lied is from then on asked last. */
function newSpanSource({ header, table, stores, onFault }: SpanContext): SpanSource {
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
