import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { type BlobRef, signStorageReceipt } from '@allod/content'
import { type AllodError, concat, fromUtf8, isAllodError, list, record, type SigningKey, text } from '@allod/protocol'
import type { Disk } from './disk.ts'
import { fail, statusOf } from './errors.ts'
import { parseBlobPath, parseRange, parseRoute, parseUpload } from './route.ts'
import { sendFile } from './sendFile.ts'

export type HandlerOptions = {
  readonly disk: Disk
  readonly key: SigningKey
  readonly maxUploads: number
  readonly log?: ((error: unknown) => void) | undefined
}

type Node = HandlerOptions & { uploads: number }

const MAX_QUESTION_BYTES = 1 << 17
const FOREVER = 'public, max-age=29030400, immutable'

const questionShape = record({ blobs: list(text(80), 1000) })

/** Answers a storage node's requests. */
export function newHandler(options: HandlerOptions): RequestListener {
  const node: Node = { ...options, uploads: 0 }
  return (request, response) => {
    answer(node, request, response).catch((error: unknown) => {
      // A client that went away is not this node's failure.
      if (!isAllodError(error) && !request.destroyed) options.log?.(error)
      refuse(request, response, isAllodError(error) ? error : fail('internal'))
    })
  }
}

async function answer(node: Node, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Browsers of any origin may read and write: blobs are ciphertext or public, and their names are hashes.
  response.setHeader('access-control-allow-origin', '*')
  response.setHeader('access-control-expose-headers', 'content-length, content-range')
  if (request.method === 'OPTIONS') return preflight(response)
  const url = URL.parse(request.url ?? '/', 'http://store')
  if (url === null) throw fail('bad-request', { actual: request.url?.slice(0, 100) })
  const route = parseRoute(url.pathname)
  const { method } = request
  if (route.kind === 'health' && method === 'GET') return json(response, 200, await health(node))
  if (route.kind === 'has' && method === 'POST') return json(response, 200, await has(node, request))
  if (route.kind === 'receipt' && method === 'GET') return json(response, 200, await receipt(node, route.ref))
  if (route.kind === 'blob' && (method === 'GET' || method === 'HEAD')) return send(node, request, response, route)
  if (route.kind === 'blob' && method === 'PUT') {
    const isNew = await take(node, request, route.ref, url.searchParams)
    return json(response, isNew ? 201 : 200, await receipt(node, route.ref))
  }
  throw fail('bad-request', { actual: `${method} ${url.pathname.slice(0, 100)}` })
}

const health = async ({ disk, key }: Node) => ({
  address: key.address,
  usedBytes: disk.usedBytes(),
  freeBytes: await disk.freeBytes(),
})

async function has({ disk }: Node, request: IncomingMessage) {
  const { blobs } = questionShape(await readQuestion(request))
  const have: boolean[] = []
  for (const path of blobs) have.push((await disk.sizeOf(parseBlobPath(path))) !== null)
  return { have }
}

async function receipt({ disk, key }: Node, ref: BlobRef) {
  const sizeBytes = await disk.sizeOf(ref)
  if (sizeBytes === null) throw fail('not-found', { expected: ref.digest })
  return signStorageReceipt(key, { digest: ref.digest, sizeBytes, time: Math.floor(Date.now() / 1000) })
}

/**
 * Takes an upload; false where the blob was there already. It is written all the same: whether the disk kept it could be told
 * only by reading it, which the sender would not pay for. A node without room keeps what it has.
 */
async function take(node: Node, request: IncomingMessage, ref: BlobRef, query: URLSearchParams): Promise<boolean> {
  const cut = parseUpload(ref, query, request.headers['content-length'])
  if (node.uploads >= node.maxUploads) throw fail('busy', { expected: node.maxUploads })
  node.uploads++
  try {
    const before = await node.disk.sizeOf(ref)
    // The request must survive a refusal, or its sender would see a broken connection instead of the reason.
    const written = node.disk.write(ref, { ...cut, pieces: request.iterator({ destroyOnReturn: false }) })
    if (before !== cut.sizeBytes) await written
    else await written.catch(unlessFull).finally(() => request.resume())
    return before === null
  } finally {
    node.uploads--
  }
}

function unlessFull(error: unknown): void {
  if (!isAllodError(error, 'store/disk-full') && !isAllodError(error, 'store/quota-exceeded')) throw error
}

async function send(
  node: Node,
  request: IncomingMessage,
  response: ServerResponse,
  { ref, etag }: { readonly ref: BlobRef; readonly etag: string },
): Promise<void> {
  const found = await node.disk.read(ref)
  if (found === null) throw fail('not-found', { expected: ref.digest })
  const { file, sizeBytes } = found
  try {
    const range = parseRange(request.headers.range, sizeBytes)
    const { start, end } = range ?? { start: 0, end: sizeBytes }
    response.writeHead(range ? 206 : 200, {
      'content-type': ref.kind === 'raw' ? 'application/vnd.ipld.raw' : 'application/octet-stream',
      'content-length': end - start,
      'accept-ranges': 'bytes',
      'cache-control': FOREVER,
      'x-content-type-options': 'nosniff',
      'content-disposition': 'attachment',
      etag,
      ...(range ? { 'content-range': `bytes ${start}-${end - 1}/${sizeBytes}` } : {}),
    })
    if (request.method === 'HEAD' || start === end) response.end()
    else await sendFile(file, { start, end }, response)
  } finally {
    await file.close()
  }
}

async function readQuestion(request: IncomingMessage): Promise<unknown> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    size += piece.length
    if (size > MAX_QUESTION_BYTES) throw fail('bad-request', { expected: `at most ${MAX_QUESTION_BYTES} bytes` })
    pieces.push(piece)
  }
  try {
    return JSON.parse(fromUtf8(concat(...pieces)))
  } catch (cause) {
    throw fail('bad-request', { cause })
  }
}

function preflight(response: ServerResponse): void {
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, HEAD, PUT, POST',
    'access-control-allow-headers': 'content-type, range',
    'access-control-max-age': '86400',
  })
  response.end()
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}

function refuse(request: IncomingMessage, response: ServerResponse, error: AllodError): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const status = error.code.startsWith('protocol/') ? 400 : statusOf(error)
  if (status === 503) response.setHeader('retry-after', '1')
  if (status === 416) response.setHeader('content-range', `bytes */${String(error.meta.sizeBytes)}`)
  json(response, status, error.toJSON())
  // What the client still sends is read and dropped, so that it gets to read the answer.
  request.resume()
}
