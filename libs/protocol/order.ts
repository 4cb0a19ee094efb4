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

/** Everything an order's id commits to; whoever shows terms that hash to the id shows what was bought and paid for. */
export const orderTermsShape = record({
  chainId: amount(64),
  market: hex(20),
  buyer: hex(20),
  salt: hex(32),
  offers: list(offerShape, 8, 1),
  lanesHash: hex(32),
  specHash: hex(32),
  seconds: integer(1, 0xffffffff),
})
export type OrderTerms = Shaped<typeof orderTermsShape>

/** keccak256 of the offers' hashes, packed, in order. */
export const offersHash = (hashes: readonly Hex[]): Hex =>
  toHex(keccak256(concat(...hashes.map((h) => fromHex(h, 32)))))

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
      fromHex(terms.lanesHash, 32),
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
