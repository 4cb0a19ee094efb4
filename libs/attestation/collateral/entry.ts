import {
  dictionary,
  fromBase64Url,
  type Hex,
  hex,
  integer,
  list,
  lp,
  oneOf,
  record,
  type Shaped,
  taggedHash,
  text,
  toBase64Url,
  utf8,
} from '@allod/protocol'
import type { CollateralRequest, Fetched } from './source.ts'

const MAX_ENTRIES = 256

/** One answer as it is kept: in a cache's folder, or in an offline bundle. Times are Unix seconds. */
export const entryShape = record({
  /** SHA-256 over what was asked; see `requestId`. */
  request: hex(32),
  url: text(2048),
  fetchedAt: integer(),
  headers: dictionary(text(1 << 15), 8),
  bytes: text(6 << 20),
})

export type Entry = Shaped<typeof entryShape>

/** An offline bundle: everything that some evidence needed. */
export const bundleShape = record({
  version: oneOf(1),
  entries: list(entryShape, MAX_ENTRIES),
})

/** Tells requests apart: the URL, and the body of an OCSP request. */
export const requestId = ({ url, body }: CollateralRequest): Hex =>
  taggedHash('allod/collateral/v1', lp(utf8(url)), lp(body ?? new Uint8Array(0)))

export const newEntry = (request: CollateralRequest, { bytes, headers }: Fetched, now: number): Entry => ({
  request: requestId(request),
  url: request.url,
  fetchedAt: now,
  headers,
  bytes: toBase64Url(bytes),
})

export const fetchedFrom = ({ bytes, headers, fetchedAt }: Entry, now: number): Fetched => ({
  bytes: fromBase64Url(bytes),
  headers,
  ageSeconds: Math.max(0, now - fetchedAt),
})
