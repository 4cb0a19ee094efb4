import { concat, fromHex, type Hex, sha256, toHex, u32, utf8 } from '@allod/protocol'
import { base32 } from 'multiformats/bases/base32'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { fail } from './errors.ts'

/**
 * A thing in a store. `raw`: digest = SHA-256 of the bytes, also an IPFS CIDv1. `pack`: chunks in a row, named by the hash of
 * their leaves, so that neither side hashes ciphertext a second time.
 */
export type BlobRef = { readonly kind: 'raw' | 'pack'; readonly digest: Hex }

/** Bytes to store; `pieces` can be read more than once, for retries and replicas. */
export type Body = {
  readonly sizeBytes: number
  /** Bytes of a full sealed chunk, for packs; 0 for raw blobs. */
  readonly chunkBytes: number
  pieces(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

/** Largest blob a store takes, in bytes: a pack with its tags, a leaf table, or a file of a public folder. */
export const MAX_BLOB_BYTES = 256 * 2 ** 20

const RAW_CODEC = 0x55
const SHA2_256 = 0x12

/** A raw blob's body from its bytes. */
export const rawBody = (bytes: Uint8Array): Body => ({ sizeBytes: bytes.length, chunkBytes: 0, pieces: () => [bytes] })

/** The reference of raw bytes. */
export const rawRef = (digest: Hex): BlobRef => ({ kind: 'raw', digest })

/** The reference of a pack: SHA-256("allod/pack/v1" ‖ u32 bytes of a full sealed chunk ‖ the leaves of its chunks). */
export const packRef = (chunkBytes: number, leaves: Uint8Array): BlobRef => ({
  kind: 'pack',
  digest: toHex(sha256(utf8('allod/pack/v1'), u32(chunkBytes), leaves)),
})

/** `blobs/<hex>` or `packs/<hex>`: the blob's path in a store. */
export const blobPath = (ref: BlobRef): string => `${ref.kind === 'raw' ? 'blobs' : 'packs'}/${ref.digest.slice(2)}`

/** The CIDv1 (raw, sha2-256, base32) of a SHA-256 digest. */
export const cidOf = (digest: Hex): string =>
  CID.createV1(RAW_CODEC, create(SHA2_256, fromHex(digest, 32))).toString(base32)

/** The digest in a CIDv1 of raw bytes; every other CID is refused. @throws content/bad-cid */
export function digestOfCid(text: string): Hex {
  try {
    const cid = CID.parse(text, base32)
    if (cid.version === 1 && cid.code === RAW_CODEC && cid.multihash.code === SHA2_256 && cid.toString() === text)
      return toHex(cid.multihash.digest)
  } catch {}
  throw fail('bad-cid', { actual: text.slice(0, 100) })
}

/** Joins a tag and a document, so that the document's tagged hash is also its raw digest in a store. */
export const taggedBlob = (tag: `allod/${string}/v${number}`, document: Uint8Array): Uint8Array =>
  concat(utf8(tag), document)
