import {
  canonicalise,
  committeeIdOf,
  equalBytes,
  fromHex,
  type Hex,
  hex,
  hexUpTo,
  integer,
  type Json,
  list,
  oneOf,
  parseCanonical,
  policyHash,
  policyShape,
  record,
  requireSigner,
  type Shaped,
  type SigningKey,
  sealedShape,
  sha256,
  signDigest,
  signedByShape,
  taggedHash,
  toHex,
  utf8,
} from '@allod/protocol'
import { type BlobRef, rawRef, taggedBlob } from './blob.ts'
import { fail } from './errors.ts'
import { HEADER_BYTES, parseHeader } from './header.ts'
import { objectIdOf } from './objectId.ts'

/** Everything about an object but its chunks. Packs are not listed: their digests follow from header and leaf table. */
export const manifestShape = record({
  format: oneOf(1),
  header: hex(HEADER_BYTES),
  owner: hex(20),
  policy: policyShape,
  /** SHA-256 of the leaf table, a blob of the store. */
  leafTable: hex(32),
  /** How many of the shares open the object. */
  t: integer(2, 16),
  /** In the committee's order, by ascending keeper id. */
  shares: list(record({ keeper: hex(32), commitment: hex(32), sealed: sealedShape }), 16, 2),
  metadata: record({ nonce: hex(12), ciphertext: hexUpTo(16_384) }),
  /** Counts issues of the manifest: metadata changes, reseals. */
  version: integer(1, 0xffffffff),
  signature: signedByShape,
})
export type Manifest = Shaped<typeof manifestShape>
export type UnsignedManifest = Omit<Manifest, 'signature'>

const TAG = 'allod/signed-manifest/v1'
export const MAX_MANIFEST_BYTES = 1 << 18

/** Signs a manifest, by its owner or, for outputs, by the enclave that the report names. */
export function signManifest(manifest: UnsignedManifest, key: SigningKey): Manifest {
  return { ...manifest, signature: { signer: key.address, signature: signDigest(key, bodyDigest(manifest)) } }
}

/** The manifest as a blob of a store, whose digest is `manifestHash`. */
export const encodeManifest = (manifest: Manifest): Uint8Array => taggedBlob(TAG, canonicalise(manifest as Json))

/** What offers, specs and reports name: SHA-256("allod/signed-manifest/v1" ‖ canonical bytes). Also its digest in stores. */
export const manifestHash = (manifest: Manifest): Hex => taggedHash(TAG, canonicalise(manifest as Json))

/** Where stores keep the manifest. */
export const manifestRef = (hash: Hex): BlobRef => rawRef(hash)

/**
 * Parses a manifest blob.
 * @param expectedHash the hash that an offer, a spec or a report names
 * @throws content/manifest-mismatch, content/manifest-inconsistent, content/bad-header, protocol/bad-shape
 */
export function decodeManifest(blob: Uint8Array, expectedHash: Hex): Manifest {
  const actual = toHex(sha256(blob))
  if (actual !== expectedHash) throw fail('manifest-mismatch', { expected: expectedHash, actual })
  const tag = utf8(TAG)
  if (!equalBytes(blob.subarray(0, tag.length), tag)) throw fail('manifest-mismatch', { expected: TAG })
  return parseManifest(parseCanonical(blob.subarray(tag.length), MAX_MANIFEST_BYTES))
}

/**
 * Parses a manifest and checks that its parts agree: header, owner and policy, committee and shares.
 * @throws protocol/bad-shape, content/manifest-inconsistent, content/bad-header
 */
export function parseManifest(value: unknown): Manifest {
  const manifest = manifestShape(value)
  parseHeader(fromHex(manifest.header))
  const { policy, owner, t, shares } = manifest
  if (policy.owner !== owner) throw fail('manifest-inconsistent', { expected: policy.owner, actual: owner })
  const committee = committeeIdOf(
    t,
    shares.map((s) => s.keeper),
  )
  if (committee !== policy.committee)
    throw fail('manifest-inconsistent', { expected: policy.committee, actual: committee, meta: { field: 'committee' } })
  return manifest
}

/** The object a manifest describes, computed from its own header, owner and policy. */
export const manifestObjectId = (manifest: Pick<Manifest, 'header' | 'owner' | 'policy'>): Hex =>
  objectIdOf(fromHex(manifest.header), manifest.owner, policyHash(manifest.policy))

/**
 * Refuses a manifest of another object, or one that is not signed by `signer` (the owner unless told).
 * @throws content/object-mismatch, content/manifest-signer, protocol/wrong-signer, protocol/bad-signature
 */
export function requireManifest(
  manifest: Manifest,
  { objectId, signer = manifest.owner }: { readonly objectId: Hex; readonly signer?: Hex },
): void {
  const actual = manifestObjectId(manifest)
  if (actual !== objectId) throw fail('object-mismatch', { expected: objectId, actual })
  const { signature, ...body } = manifest
  if (signature.signer !== signer) throw fail('manifest-signer', { expected: signer, actual: signature.signer })
  requireSigner(bodyDigest(body), signature.signature, signer)
}

const bodyDigest = (body: UnsignedManifest): Uint8Array =>
  fromHex(taggedHash('allod/manifest/v1', canonicalise(body as Json)), 32)
