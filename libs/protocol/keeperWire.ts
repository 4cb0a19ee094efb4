import { concat, fromHex, type Hex, u32, utf8 } from './bytes.ts'
import { documentHash } from './canonical.ts'
import { committeeShape } from './committee.ts'
import { taggedHash } from './hash.ts'
import { jobSpecShape } from './jobSpec.ts'
import { orderTermsShape } from './order.ts'
import {
  amount,
  anyJson,
  dictionary,
  hex,
  hexUpTo,
  integer,
  list,
  nullable,
  oneOf,
  record,
  type Shaped,
  text,
} from './shape.ts'
import { aliveShape, type EnclaveAttested, enclaveAttestedShape, launchShape, signedByShape } from './votes.ts'

/*
 * What an enclave and a keeper say to each other. Requests travel in the open: replies hold only signatures, and shares
 * sealed to the attested key, so replaying or rerouting them gains nothing.
 */

const inputName = /^[a-z][a-z0-9-]{0,31}$/

/** A keeper's nonce, good until `expires`; the MAC lets the keeper forget it. Times are Unix seconds. */
export const challengeShape = record({
  keeper: hex(32),
  nonce: hex(32),
  expires: integer(),
  mac: hex(32),
  time: integer(),
})
export type Challenge = Shaped<typeof challengeShape>

/** Everything a keeper needs to judge an enclave, for the vote and again, unchanged, for the grant. */
export const admissionShape = record({
  challenges: list(challengeShape, 16, 1),
  bundle: anyJson(),
  spec: jobSpecShape,
  terms: orderTermsShape,
  launch: record({ message: launchShape, signature: hex(65) }),
  /** Input name → manifest of the sealed object. */
  manifests: dictionary(anyJson(), 8, inputName),
  committee: committeeShape,
})
export type Admission = Shaped<typeof admissionShape>

/** Phase one's answer. */
export const voteReplyShape = record({ vote: enclaveAttestedShape, signature: signedByShape })
export type VoteReply = Shaped<typeof voteReplyShape>

/** A block as a keeper saw it. */
export const blockShape = record({ number: amount(64), hash: hex(32), time: integer() })
export type BlockSeen = Shaped<typeof blockShape>

/** What t keepers must say alike before the runtime believes it. */
export const factsShape = record({
  version: oneOf(1),
  chainId: amount(64),
  market: hex(20),
  /** The Assets contract, which the shares of outputs are bound to. */
  assets: hex(20),
  order: hex(32),
  generation: integer(0, 0xffffffff),
  enclave: hex(20),
  buyer: hex(20),
  provider: hex(20),
  specHash: hex(32),
  committee: hex(32),
  offers: list(hex(32), 8),
  objects: list(
    record({
      input: text(32, inputName),
      objectId: hex(32),
      owner: hex(20),
      policyHash: hex(32),
      manifestHash: hex(32),
    }),
    8,
  ),
  seconds: integer(1),
  /** From when this generation's time counts: its start on chain, or the newest challenge it answered where that is later. */
  startedAt: integer(),
  /** End of the term on chain; whatever the generation, it counts from the order's first start. */
  endsAt: integer(),
})
export type Facts = Shaped<typeof factsShape>

/** Facts under one keeper's signature, with the block it read them at. */
export const signedFactsShape = record({ facts: factsShape, block: blockShape, by: signedByShape })
export type SignedFacts = Shaped<typeof signedFactsShape>

/** The hash a keeper signs for facts at a block. */
export const factsHash = (facts: Facts, block: BlockSeen): Hex => documentHash('allod/facts/v1', { facts, block })

/** An HPKE ciphertext: encapsulated key and sealed bytes. */
export const sealedShape = record({ enc: hexUpTo(2048), ciphertext: hexUpTo(4096) })
export type Sealed = Shaped<typeof sealedShape>

/** A lease in the keeper's own words; only the keeper that made the MAC reads it, so it keeps no state. */
export const leaseShape = record({
  order: hex(32),
  generation: integer(0, 0xffffffff),
  enclave: hex(20),
  objects: list(record({ objectId: hex(32), offer: hex(32) }), 8),
  build: hex(32),
  ttlSeconds: integer(1),
  /** Start of the time that this enclave may attest. */
  from: integer(),
  /** End of the time attested so far. */
  upTo: integer(),
  /** When full evidence was last appraised. */
  evidenceAt: integer(),
  mac: hex(32),
})
export type Lease = Shaped<typeof leaseShape>

/** Phase two's answer: this keeper's shares, sealed to the attested grant key, with the facts behind them. */
export const grantReplyShape = record({
  facts: signedFactsShape,
  shares: list(record({ objectId: hex(32), index: integer(1, 255), sealed: sealedShape }), 8),
  lease: leaseShape,
  time: integer(),
})
export type GrantReply = Shaped<typeof grantReplyShape>

/**
 * A renewal of the time from `from` to `upTo`, signed by the enclave; `admission` carries fresh evidence when it is due.
 * `from` may lie after the lease's own end, where this keeper missed a renewal that others gave, and before it, where a beat
 * did not reach the provider: the market counts overlapping time once. Between renewals lie at most 2 ttl.
 */
export const renewShape = record({
  lease: leaseShape,
  /** The order's terms: the contract takes them to say whether keys may still be held. */
  terms: orderTermsShape,
  from: integer(),
  upTo: integer(),
  challenge: challengeShape,
  admission: nullable(admissionShape),
  signature: hex(65),
})
export type Renew = Shaped<typeof renewShape>

/** The hash the enclave signs to renew. */
export const renewHash = (lease: Lease, from: number, upTo: number, challenge: Challenge): Hex =>
  documentHash('allod/renew/v1', { lease, from, upTo, challenge })

export const renewReplyShape = record({
  alive: aliveShape,
  signature: signedByShape,
  lease: leaseShape,
  /** End of the term with its extensions, or when the order was ended before it. */
  endsAt: integer(),
  time: integer(),
})
export type RenewReply = Shaped<typeof renewReplyShape>

/** A request for a result's shares, once its report is final. Anyone may ask: shares go to the spec's recipient only. */
export const releaseShape = record({
  order: hex(32),
  spec: jobSpecShape,
  terms: orderTermsShape,
  manifest: anyJson(),
  committee: committeeShape,
})
export type Release = Shaped<typeof releaseShape>

export const releaseReplyShape = record({
  objectId: hex(32),
  index: integer(1, 255),
  sealed: sealedShape,
  by: signedByShape,
})
export type ReleaseReply = Shaped<typeof releaseReplyShape>

/** The hash a keeper signs for a released share. */
export const releaseHash = (order: Hex, { objectId, index, sealed }: Omit<ReleaseReply, 'by'>): Hex =>
  documentHash('allod/release/v1', { order, objectId, index, sealed })

/** HPKE info under which a keeper re-seals a share to an enclave: bound to one order, enclave, object and share. */
export const grantInfo = (to: {
  order: Hex
  generation: number
  enclave: Hex
  objectId: Hex
  index: number
}): Uint8Array<ArrayBuffer> =>
  concat(
    utf8('allod/grant/v1'),
    fromHex(to.order, 32),
    u32(to.generation),
    fromHex(to.enclave, 20),
    fromHex(to.objectId, 32),
    Uint8Array.of(to.index),
  )

/** HPKE info under which a keeper re-seals a result's share to the spec's recipient. */
export const releaseInfo = (to: { order: Hex; objectId: Hex; index: number }): Uint8Array<ArrayBuffer> =>
  concat(utf8('allod/release/v1'), fromHex(to.order, 32), fromHex(to.objectId, 32), Uint8Array.of(to.index))

/** HPKE info of a metrics or log batch sealed to the spec's log recipient; `seq` makes a dropped or moved batch visible. */
export const logInfo = (from: { order: Hex; generation: number; seq: number }): Uint8Array<ArrayBuffer> =>
  concat(utf8('allod/log/v1'), fromHex(from.order, 32), u32(from.generation), u32(from.seq))

/**
 * The vote an admission asks for. Every keeper that accepts signs the same message, or t signatures could not stand on
 * chain together: validity ends with the first challenge to expire.
 */
export function voteOf(admission: Admission, evidenceHash: Hex, grantKeyHash: Hex, build: Hex): EnclaveAttested {
  const { order, generation, enclave } = admission.launch.message
  return {
    order,
    generation,
    enclave,
    grantKeyHash,
    build,
    evidenceHash,
    committee: admission.spec.committee,
    validUntil: Math.min(...admission.challenges.map((c) => c.expires)),
  }
}

/** Hash of an HPKE public key as `start` records it. */
export const grantKeyHash = (hpkeKey: Hex): Hex => taggedHash('allod/grant-key/v1', fromHex(hpkeKey))
