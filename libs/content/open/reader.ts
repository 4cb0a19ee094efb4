import { fromHex, type Secret } from '@allod/protocol'
import { type ChunkCipher, newChunkCipher } from '../chunkCipher.ts'
import { freeBytes } from '../freeBytes.ts'
import { type Header, parseHeader } from '../header.ts'
import { chunkCountOf, packChunks, placeOf } from '../layout.ts'
import type { Manifest } from '../manifest.ts'
import { requireKey } from '../objectKeys.ts'
import { type FetchOptions, requireRunning } from '../stores/fetchBlob.ts'
import type { Store } from '../stores/Store.ts'
import { fetchLeafTable } from './leafTable.ts'
import { newSpanSource, type Span, type SpanSource } from './spanSource.ts'

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
  const table = await fetchLeafTable(manifest, stores, { signal, onFault })
  const source = newSpanSource({ header, table, stores, onFault })
  return { header, chunks: (first, end) => readChunks({ header, cipher, source, signal, isTransient }, first, end) }
}

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
