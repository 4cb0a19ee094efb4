import { flag, type Hex, hex, integer, list, record, storageReceiptShape } from '@allod/protocol'
import { type BlobRef, type Body, blobPath, MAX_BLOB_BYTES } from '../blob.ts'
import { fail } from '../errors.ts'
import { nodeCrypto } from '../platform.ts'
import { type Fetch, type Peer, readJson, request, SLOWEST_BYTES_PER_MS } from './request.ts'
import { MAX_HAS, type Store } from './Store.ts'

export type HttpStoreOptions = {
  /** `http://host:port` or `https://…`, without a path. */
  readonly url: string
  /** The address whose key signs the store's receipts. */
  readonly address: Hex
  /** What carries requests; the platform's unless told. An enclave gives one that runs over its relay. */
  readonly fetch?: Fetch
  /** How long a response may take to begin, and its next bytes to come; 30 s unless told. */
  readonly timeoutMs?: number
}

const MAX_ANSWER_BYTES = 1 << 16

const haveShape = record({ have: list(flag, MAX_HAS) })
const healthShape = record({ address: hex(20), usedBytes: integer(), freeBytes: integer() })

/** A storage node reached over HTTP. */
export function httpStore({ url, address, fetch = globalThis.fetch, timeoutMs = 30_000 }: HttpStoreOptions): Store {
  const peer: Peer = { id: address, url, fetch, timeoutMs }
  return {
    id: address,
    async put(ref, body, { signal } = {}) {
      const source = watched(body)
      const answer = await request(peer, {
        method: 'PUT',
        path: `/${blobPath(ref)}?size=${body.sizeBytes}&chunk=${body.chunkBytes}`,
        headers: { 'content-type': 'application/octet-stream' },
        body: () => upload(source.pieces()),
        timeoutMs: timeoutMs + body.sizeBytes / SLOWEST_BYTES_PER_MS,
        signal,
      }).catch(source.blame)
      return storageReceiptShape(await readJson(answer, MAX_ANSWER_BYTES))
    },
    get: (ref, options = {}) => download(peer, ref, options),
    async has(refs, { signal } = {}) {
      const body = JSON.stringify({ blobs: refs.map(blobPath) })
      const headers = { 'content-type': 'application/json' }
      const answer = await request(peer, { method: 'POST', path: '/has', headers, body: () => body, signal })
      const { have } = haveShape(await readJson(answer, MAX_ANSWER_BYTES))
      if (have.length !== refs.length) throw fail('short-read', { expected: refs.length, actual: have.length })
      return have
    },
    async stat(ref, { signal } = {}) {
      const answer = await request(peer, { method: 'GET', path: `/${blobPath(ref)}/receipt`, signal })
      if (answer.status === 404) {
        await answer.drop()
        return null
      }
      return storageReceiptShape(await readJson(answer, MAX_ANSWER_BYTES))
    },
    async health({ signal } = {}) {
      const answer = await request(peer, { method: 'GET', path: '/health', signal })
      const health = healthShape(await readJson(answer, MAX_ANSWER_BYTES))
      if (health.address !== address) throw fail('bad-receipt', { expected: address, actual: health.address })
      return health
    },
  }
}

async function* download(
  peer: Peer,
  ref: BlobRef,
  { range, signal, maxBytes = MAX_BLOB_BYTES }: NonNullable<Parameters<Store['get']>[1]>,
): AsyncGenerator<Uint8Array, void> {
  const answer = await request(peer, {
    method: 'GET',
    path: `/${blobPath(ref)}`,
    ...(range ? { headers: { range: `bytes=${range.start}-${range.end - 1}` } } : {}),
    signal,
  })
  if (answer.status === 404 || answer.status !== (range ? 206 : 200)) {
    await answer.drop()
    throw answer.status === 404
      ? fail('blob-not-found', { expected: ref.digest, meta: { store: peer.id } })
      : fail('short-read', { expected: range ? 206 : 200, actual: answer.status, meta: { store: peer.id } })
  }
  const declared = answer.headers.get('content-length')
  const expected = range ? range.end - range.start : declared === null ? null : Number(declared)
  let actual = 0
  for await (const piece of answer.pieces(range ? range.end - range.start : maxBytes)) {
    actual += piece.length
    if (expected !== null && actual > expected) break
    yield piece
  }
  if (expected !== null && actual !== expected) throw fail('short-read', { expected, actual, meta: { store: peer.id } })
}

// Browsers cannot stream a request over HTTP/1.1, so there a body goes as a Blob.
async function upload(pieces: AsyncIterable<Uint8Array>): Promise<BodyInit> {
  if (nodeCrypto !== null) return streamOf(pieces)
  const parts: BlobPart[] = []
  for await (const piece of pieces) parts.push(piece as Uint8Array<ArrayBuffer>)
  return new Blob(parts)
}

/** A body whose own failure to be read is told as what it is, and not as the store's. */
function watched(body: Body) {
  let failure: { readonly error: unknown } | null = null
  return {
    async *pieces(): AsyncGenerator<Uint8Array, void> {
      try {
        yield* body.pieces()
      } catch (error) {
        failure = { error }
        throw error
      }
    },
    blame(error: unknown): never {
      throw failure === null ? error : failure.error
    },
  }
}

function streamOf(pieces: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await iterator.next()
        if (next.done) controller.close()
        else controller.enqueue(next.value)
      },
      async cancel() {
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}
