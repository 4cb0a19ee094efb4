import { concat, fromHex, type Hex, lp, toHex, u32, u64, utf8 } from './bytes.ts'
import { addressWord } from './eip712.ts'
import { sha256, sha512 } from './hash.ts'
import { amount, hex, hexUpTo, integer, list, nullable, oneOf, record, type Shaped } from './shape.ts'

/** A verifier's nonce: `id` is the keeper id, or SHA-256 of a client's session key. */
export type VerifierNonce = Shaped<typeof verifierNonce>

const verifierNonce = record({ id: hex(32), nonce: hex(32) })

/**
 * Everything that report data commits to. Devices are bound by one hash over their evidence, in order.
 * For keepers `specHash` and `order` are zero and `generation` is 0.
 */
export const boundShape = record({
  role: oneOf('grant', 'client', 'keeper'),
  nonces: list(verifierNonce, 16, 1),
  hpkeKey: hexUpTo(2048),
  signingAddress: hex(20),
  tlsSpkiHash: nullable(hex(32)),
  devicesHash: hex(32),
  buildDigest: hex(32),
  specHash: hex(32),
  chainId: amount(64),
  market: hex(20),
  order: hex(32),
  generation: integer(0, 0xffffffff),
})

/** The facts bound into report data; see protocol.md, Evidence and binding. */
export type BoundFacts = Shaped<typeof boundShape>

/** What the nonces' hash is over: tag ‖ for each verifier, sorted by id: lp(id) ‖ lp(nonce). */
export function noncesInput(nonces: readonly VerifierNonce[]): Uint8Array<ArrayBuffer> {
  const sorted = [...nonces].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
  return concat(
    utf8('allod/nonces/v1'),
    ...sorted.flatMap(({ id, nonce }) => [lp(fromHex(id, 32)), lp(fromHex(nonce, 32))]),
  )
}

/** SHA-256 of {@link noncesInput}. */
export const noncesHash = (nonces: readonly VerifierNonce[]): Hex => toHex(sha256(noncesInput(nonces)))

/** What the nonce asked of every GPU is the hash of: "allod/gpu/v1" ‖ nonces hash ‖ HPKE public key. */
export const gpuNonceInput = (nonces: Uint8Array, hpkeKey: Hex): Uint8Array<ArrayBuffer> =>
  concat(utf8('allod/gpu/v1'), nonces, fromHex(hpkeKey))

/** SHA-256 of {@link gpuNonceInput}. */
export const gpuNonce = (nonces: readonly VerifierNonce[], hpkeKey: Hex): Hex =>
  toHex(sha256(gpuNonceInput(sha256(noncesInput(nonces)), hpkeKey)))

/** What the devices' hash is over: lp of each device evidence, in order; nothing where there is none. */
export const devicesInput = (evidence: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => concat(...evidence.map(lp))

/** SHA-256 of {@link devicesInput}. */
export const devicesHash = (evidence: readonly Uint8Array[]): Hex => toHex(sha256(devicesInput(evidence)))

/** What report data is the hash of. @param nonces the hash of `bound.nonces` */
export function reportDataInput(bound: BoundFacts, nonces: Uint8Array): Uint8Array<ArrayBuffer> {
  const order = concat(
    u64(BigInt(bound.chainId)),
    addressWord(bound.market),
    fromHex(bound.order, 32),
    u32(bound.generation),
  )
  return concat(
    lp(utf8('allod/attest/v1')),
    lp(utf8(bound.role)),
    lp(nonces),
    lp(fromHex(bound.hpkeKey)),
    lp(fromHex(bound.signingAddress, 20)),
    lp(bound.tlsSpkiHash === null ? new Uint8Array() : fromHex(bound.tlsSpkiHash, 32)),
    lp(fromHex(bound.devicesHash, 32)),
    lp(fromHex(bound.buildDigest, 32)),
    lp(fromHex(bound.specHash, 32)),
    lp(order),
  )
}

/** The 64 bytes of report data that the CPU's evidence must carry: SHA-512 of {@link reportDataInput}. */
export const reportData = (bound: BoundFacts): Uint8Array<ArrayBuffer> =>
  sha512(reportDataInput(bound, sha256(noncesInput(bound.nonces))))
