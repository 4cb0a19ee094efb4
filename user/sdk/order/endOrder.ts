import { marketTerms, offerArgs, termsArgs } from '@allod/chain'
import type { Hex } from '@allod/protocol'
import { type Allod, writerOf } from '../allod.ts'
import { fail } from '../errors.ts'
import { RATE_SCALE } from '../money/amount.ts'
import { fund } from '../money/fund.ts'
import type { Wallet } from '../wallet/wallet.ts'
import type { OrderRecord } from './orderRecord.ts'

/** Ends an order: before its start with a full refund, later with what was not used. @throws market/not-party and others */
export async function endOrder(allod: Allod, wallet: Wallet, { terms }: Pick<OrderRecord, 'terms'>): Promise<Hex> {
  return (await writerOf(allod, wallet).send('market', 'end', [termsArgs(marketTerms(terms))])).transaction
}

/** Takes the money of an order back whose provider never started it; anyone may. @throws market/too-early, market/wrong-state */
export async function expireOrder(allod: Allod, wallet: Wallet, { terms }: Pick<OrderRecord, 'terms'>): Promise<Hex> {
  return (await writerOf(allod, wallet).send('market', 'expire', [termsArgs(marketTerms(terms))])).transaction
}

/**
 * Lengthens an order's term at the lanes agreed.
 * @param options.maxUnits the most to add
 * @throws sdk/over-max-price, sdk/too-little-money, market/term-out-of-range and others
 */
export async function extendOrder(
  allod: Allod,
  wallet: Wallet,
  { terms }: Pick<OrderRecord, 'terms'>,
  { seconds, maxUnits }: { readonly seconds: number; readonly maxUnits?: bigint },
): Promise<{ readonly units: bigint; readonly transaction: Hex }> {
  const rate = terms.lanes.reduce((sum, lane) => sum + BigInt(lane.perSecond), 0n)
  // Escrow rounds up, lane by lane.
  const units = (rate * BigInt(seconds)) / RATE_SCALE + BigInt(terms.lanes.length)
  if (maxUnits !== undefined && units > maxUnits) throw fail('over-max-price', { expected: maxUnits, actual: units })
  await fund(allod, wallet, units)
  const { transaction } = await writerOf(allod, wallet).send('market', 'extend', [
    termsArgs(marketTerms(terms)),
    terms.offers.map(offerArgs),
    seconds,
    units,
  ])
  return { units, transaction }
}
