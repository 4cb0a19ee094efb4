import { sha256 as nobleSha256, sha384 as nobleSha384, sha512 as nobleSha512 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concat, type Hex, toHex, utf8 } from './bytes.ts'

/** SHA-256 of small inputs; bulk content is hashed natively in `content`. */
export const sha256 = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> =>
  nobleSha256(concat(...parts)) as Uint8Array<ArrayBuffer>

/** SHA-384 of small inputs: the size of launch measurements. */
export const sha384 = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> =>
  nobleSha384(concat(...parts)) as Uint8Array<ArrayBuffer>

/** SHA-512 of small inputs. */
export const sha512 = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> =>
  nobleSha512(concat(...parts)) as Uint8Array<ArrayBuffer>

/** keccak-256, the chain's hash. */
export const keccak256 = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> =>
  keccak_256(concat(...parts)) as Uint8Array<ArrayBuffer>

/**
 * SHA-256 under a domain tag that ends in a version, as every hash of the protocol.
 * @example taggedHash('allod/object/v1', header, owner, policyHash)
 */
export const taggedHash = (tag: `allod/${string}/v${number}`, ...parts: readonly Uint8Array[]): Hex =>
  toHex(sha256(utf8(tag), ...parts))
