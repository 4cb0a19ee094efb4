import { errorsOf } from './AllodError.ts'
import type { Hex } from './bytes.ts'
import { type Eip712Domain, type Eip712Type, hashStruct, typedDigest } from './eip712.ts'
import { amount, hex, integer, oneOf, record, type Shaped } from './shape.ts'
import { recoverSigner } from './signature.ts'

const fail = errorsOf('protocol', {
  'offer-not-by-owner': ['an offer is not signed by its owner', 'fetch the offer again from where its owner posted it'],
})

/** The domain of every EIP-712 signature of the protocol. */
export const allodDomain = (chainId: bigint, market: Hex): Eip712Domain => ({
  name: 'Allod',
  version: '1',
  chainId,
  verifyingContract: market,
})

/** What is rented: 1 compute (owner = provider), 2 an object, 3 an engine. */
export const offerKinds = { compute: 1, object: 2, engine: 3 } as const

/** The EIP-712 struct, member for member as Market hashes it. */
export const offerType: Eip712Type = {
  name: 'Offer',
  fields: [
    ['address', 'owner'],
    ['address', 'payee'],
    ['address', 'token'],
    ['uint8', 'kind'],
    ['bytes32', 'subject'],
    ['bytes32', 'manifestHash'],
    ['bytes32', 'policyHash'],
    ['bytes32', 'committee'],
    ['bytes32', 'terms'],
    ['uint128', 'perSecond'],
    ['uint128', 'perOrder'],
    ['uint32', 'minSeconds'],
    ['uint32', 'maxSeconds'],
    ['uint32', 'capacity'],
    ['uint32', 'maxRuns'],
    ['uint64', 'expiry'],
    ['uint64', 'epoch'],
    ['bytes32', 'salt'],
  ],
}

/** An offer as a document: prices in 1e-12 token units per second and token units per order, times in Unix seconds. */
export const offerShape = record({
  owner: hex(20),
  payee: hex(20),
  token: hex(20),
  kind: oneOf(1, 2, 3),
  subject: hex(32),
  manifestHash: hex(32),
  policyHash: hex(32),
  committee: hex(32),
  terms: hex(32),
  perSecond: amount(128),
  perOrder: amount(128),
  minSeconds: integer(0, 0xffffffff),
  maxSeconds: integer(0, 0xffffffff),
  capacity: integer(0, 0xffffffff),
  maxRuns: integer(0, 0xffffffff),
  expiry: integer(),
  epoch: integer(),
  salt: hex(32),
})
export type Offer = Shaped<typeof offerShape>

/** An offer with its owner's signature, as it is posted and passed on. */
export const signedOfferShape = record({ offer: offerShape, signature: hex(65) })
export type SignedOffer = Shaped<typeof signedOfferShape>

/** hashStruct of the offer: its name on chain. */
export const offerHash = (offer: Offer): Hex => hashStruct(offerType, offerMessage(offer))

/** The digest the owner signs. */
export const offerDigest = (domain: Eip712Domain, offer: Offer): Uint8Array<ArrayBuffer> =>
  typedDigest(domain, offerType, offerMessage(offer))

/** Refuses an offer that its owner did not sign. @throws protocol/offer-not-by-owner */
export function requireOwnersOffer(domain: Eip712Domain, { offer, signature }: SignedOffer): void {
  const actual = recoverSigner(offerDigest(domain, offer), signature)
  if (actual !== offer.owner) throw fail('offer-not-by-owner', { expected: offer.owner, actual })
}

const offerMessage = (o: Offer) => ({ ...o, perSecond: BigInt(o.perSecond), perOrder: BigInt(o.perOrder) })
