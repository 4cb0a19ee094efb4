import { addressWord, fromHex, type Hex, keccak256, lanesHash, offersHash, toHex, utf8, word } from '@allod/protocol'
import type { MarketTerms } from './types.ts'

/** The id that terms hash to, so that terms can come from anybody. */
export const orderIdOf = (terms: MarketTerms, chainId: bigint, market: Hex): Hex =>
  toHex(
    keccak256(
      keccak256(utf8('allod/order/v1')),
      word(chainId),
      addressWord(market),
      addressWord(terms.buyer),
      fromHex(terms.salt, 32),
      fromHex(offersHash(terms.offers), 32),
      fromHex(lanesHash(terms.lanes.map(written)), 32),
      fromHex(terms.specHash, 32),
      word(BigInt(terms.secs)),
    ),
  )

const written = ({ perSecond, perOrder, ...lane }: MarketTerms['lanes'][number]) => ({
  ...lane,
  perSecond: perSecond.toString(),
  perOrder: perOrder.toString(),
})
