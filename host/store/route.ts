import { type BlobRef, digestOfCid, MAX_BLOB_BYTES } from '@allod/content'
import type { Hex } from '@allod/protocol'
import { fail } from './errors.ts'

/** What a request is about. */
export type Route =
  | { readonly kind: 'blob'; readonly ref: BlobRef; readonly etag: string }
  | { readonly kind: 'receipt'; readonly ref: BlobRef }
  | { readonly kind: 'has' }
  | { readonly kind: 'health' }

/**
 * `/ipfs/<cid>` as the IPFS trustless gateway has it, `/blobs/<sha256>`, `/packs/<digest>`, each of these two with
 * `/receipt`; `/has`, `/health`.
 * @throws store/bad-request
 */
export function parseRoute(path: string): Route {
  if (path === '/has') return { kind: 'has' }
  if (path === '/health') return { kind: 'health' }
  const cid = /^\/ipfs\/([a-z0-9]{1,100})$/.exec(path)?.[1]
  if (cid !== undefined) return { kind: 'blob', ref: { kind: 'raw', digest: digestOf(cid) }, etag: `"${cid}.raw"` }
  const isReceipt = path.endsWith('/receipt')
  const ref = parseBlobPath(path.slice(1, isReceipt ? -'/receipt'.length : undefined))
  return isReceipt ? { kind: 'receipt', ref } : { kind: 'blob', ref, etag: `"${ref.digest.slice(2)}"` }
}

/** The blob of `blobs/<hex>` or `packs/<hex>`. @throws store/bad-request */
export function parseBlobPath(path: string): BlobRef {
  const match = /^(blobs|packs)\/([0-9a-f]{64})$/.exec(path)
  if (match === null) throw fail('bad-request', { actual: path.slice(0, 100) })
  return { kind: match[1] === 'blobs' ? 'raw' : 'pack', digest: `0x${match[2]}` as Hex }
}

/**
 * How long an upload is and, for a pack, how it is cut.
 * @throws store/length-required, store/too-large, store/bad-request
 */
export function parseUpload(
  ref: BlobRef,
  query: URLSearchParams,
  contentLength: string | undefined,
): { readonly sizeBytes: number; readonly chunkBytes: number } {
  const size = query.get('size') ?? contentLength
  if (size === undefined) throw fail('length-required')
  const sizeBytes = decimal('size', size)
  if (sizeBytes > MAX_BLOB_BYTES) throw fail('too-large', { expected: MAX_BLOB_BYTES, actual: sizeBytes })
  const chunkBytes = decimal('chunk', query.get('chunk') ?? '0')
  const log2 = Math.log2(chunkBytes - 16)
  const isCut = ref.kind === 'raw' ? chunkBytes === 0 : Number.isInteger(log2) && log2 >= 16 && log2 <= 22
  if (!isCut) throw fail('bad-request', { actual: chunkBytes, meta: { parameter: 'chunk' } })
  return { sizeBytes, chunkBytes }
}

/**
 * The bytes that a Range header asks for, `end` exclusive; null where there is none, or one of a form that RFC 9110 lets us
 * ignore.
 * @throws store/bad-range
 */
export function parseRange(header: string | undefined, sizeBytes: number): { start: number; end: number } | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return null
  const [from, to] = [match[1], match[2]] as [string, string]
  const start = from === '' ? Math.max(0, sizeBytes - Number(to)) : Number(from)
  const end = from === '' || to === '' ? sizeBytes : Math.min(sizeBytes, Number(to) + 1)
  if (start >= end) throw fail('bad-range', { expected: `0..${sizeBytes - 1}`, actual: header, meta: { sizeBytes } })
  return { start, end }
}

function digestOf(cid: string): Hex {
  try {
    return digestOfCid(cid)
  } catch (cause) {
    throw fail('bad-request', { cause, actual: cid })
  }
}

function decimal(parameter: string, value: string): number {
  if (!/^(0|[1-9][0-9]{0,14})$/.test(value))
    throw fail('bad-request', { actual: value.slice(0, 40), meta: { parameter } })
  return Number(value)
}
