import type { Hex } from '@allod/protocol'
import { decodeManifest, MAX_MANIFEST_BYTES, type Manifest } from '../manifest.ts'
import { type FetchOptions, fetchBlob } from '../stores/fetchBlob.ts'
import type { Store } from '../stores/Store.ts'

/**
 * The manifest of a hash. Still to be checked with `requireManifest`: for this object, by its signer.
 * @throws content/no-replica, content/manifest-inconsistent, protocol/bad-shape
 */
export async function fetchManifest(
  stores: readonly Store[],
  hash: Hex,
  options: FetchOptions = {},
): Promise<Manifest> {
  return decodeManifest(await fetchBlob(stores, hash, { ...options, maxBytes: MAX_MANIFEST_BYTES }), hash)
}
