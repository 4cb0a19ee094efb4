import { errorsOf } from './AllodError.ts'
import { concat, fromHex, type Hex, toHex, utf8 } from './bytes.ts'
import { addressWord, word } from './eip712.ts'
import { keccak256 } from './hash.ts'
import { offerHash, offerShape } from './offer.ts'
import { amount, hex, integer, list, record, type Shaped } from './shape.ts'

const fail = errorsOf('protocol', {
  'order-terms-mismatch': [
    'the terms given are not those of the order',
    'read the order again from the chain and send its own offers',
  ],
})

/**
 * One payee's part of an order, in the contract's order: one per offer, royalties, the keepers' lane last. `perSecond` in
 * 1e-12 token units, `perOrder` in token units.
 */
export const laneShape = record({
  owner: hex(20),
  payee: hex(20),
  capacity: integer(0, 0xffffffff),
  maxRuns: integer(0, 0xffffffff),
  perSecond: amount(128),
  perOrder: amount(128),
})
export type Lane = Shaped<typeof laneShape>

/** Everything an order's id commits to; whoever shows terms that hash to the id shows what was bought and paid for. */
export const orderTermsShape = record({
  chainId: amount(64),
  market: hex(20),
  buyer: hex(20),
  salt: hex(32),
  offers: list(offerShape, 8, 1),
  lanes: list(laneShape, 8, 1),
  specHash: hex(32),
  seconds: integer(1, 0xffffffff),
})
export type OrderTerms = Shaped<typeof orderTermsShape>

/** keccak256 of the offers' hashes, packed, in order. */
export const offersHash = (hashes: readonly Hex[]): Hex =>
  toHex(keccak256(concat(...hashes.map((h) => fromHex(h, 32)))))

/** A lane's numbers as the contract keeps them: two to a word. */
export const laneWords = (lane: {
  readonly capacity: number
  readonly maxRuns: number
  readonly perSecond: bigint
  readonly perOrder: bigint
}): { readonly limits: bigint; readonly prices: bigint } => ({
  limits: (BigInt(lane.maxRuns) << 32n) | BigInt(lane.capacity),
  prices: (lane.perOrder << 128n) | lane.perSecond,
})

/** keccak256(abi.encode(lanes)), a lane being (owner, payee, limits, prices). */
export function lanesHash(lanes: readonly Lane[]): Hex {
  const words = lanes.flatMap((l) => {
    const { limits, prices } = laneWords({ ...l, perSecond: BigInt(l.perSecond), perOrder: BigInt(l.perOrder) })
    return [addressWord(l.owner), addressWord(l.payee), word(limits), word(prices)]
  })
  return toHex(keccak256(word(0x20n), word(BigInt(lanes.length)), ...words))
}

/** The id Market gives an order; a reorg cannot give it to another one. */
export function orderId(terms: OrderTerms): Hex {
  return toHex(
    keccak256(
      keccak256(utf8('allod/order/v1')),
      word(BigInt(terms.chainId)),
      addressWord(terms.market),
      addressWord(terms.buyer),
      fromHex(terms.salt, 32),
      fromHex(offersHash(terms.offers.map(offerHash)), 32),
      fromHex(lanesHash(terms.lanes), 32),
      fromHex(terms.specHash, 32),
      word(BigInt(terms.seconds)),
    ),
  )
}

/** Refuses terms that are not the order's. @throws protocol/order-terms-mismatch */
export function requireTerms(terms: OrderTerms, order: Hex): void {
  const actual = orderId(terms)
  if (actual !== order) throw fail('order-terms-mismatch', { expected: order, actual })
}
