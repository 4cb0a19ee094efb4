import { marketTerms, offerArgs, termsArgs } from '@allod/chain'
import { isSending } from '@allod/chain/write'
import type { Hex } from '@allod/protocol'
import { type Allod, senderUrl, writerOf } from '../allod.ts'
import { fail } from '../errors.ts'
import { RATE_SCALE } from '../money/amount.ts'
import { fund } from '../money/fund.ts'
import type { Wallet } from '../wallet/wallet.ts'
import type { OrderRecord } from './orderRecord.ts'
import type { PayeeShare } from './quote.ts'

/** What a longer term costs, before any of it is paid. */
export type Extension = {
  /** Ends of the term, now and then; Unix seconds. */
  readonly from: number
  readonly to: number
  readonly seconds: number
  /** What is locked on top, in token units, to the unit. */
  readonly totalUnits: bigint
  readonly shares: readonly PayeeShare[]
}

type Extended = Pick<OrderRecord, 'order' | 'terms' | 'labels'>

/**
 * Works out what lengthening a running order's term costs at the lanes agreed.
 * @param by how much longer, or until when: nothing is added where the term reaches there already
 * @throws sdk/not-running, sdk/transaction-pending where it may be lengthened until then already
 */
export async function quoteExtension(
  { chain, network }: Pick<Allod, 'chain' | 'network'>,
  { order, terms, labels }: Extended,
  by: { readonly seconds: number } | { readonly until: number },
): Promise<Extension> {
  const view = await chain.latest()
  const { state, seconds: agreed, endsAt } = await view.order(order)
  if (state !== 'active') throw fail('not-running', { expected: 'active', actual: state })
  // A lengthening that was sent and is in no block would not be seen, and be paid a second time.
  if ('until' in by && (await isSending({ rpcUrl: senderUrl(network), account: terms.buyer, at: view.block })))
    throw fail('transaction-pending', { actual: terms.buyer })
  const seconds = 'seconds' in by ? by.seconds : Math.max(0, by.until - endsAt)
  const shares = terms.lanes.map((lane, i): PayeeShare => {
    const perSecond = BigInt(lane.perSecond)
    const mostUnits = locked(perSecond, agreed + seconds) - locked(perSecond, agreed)
    return { label: labels[i] ?? String(i), payee: lane.payee, perSecond, perOrder: 0n, mostUnits }
  })
  const totalUnits = shares.reduce((sum, s) => sum + s.mostUnits, 0n)
  return { from: endsAt, to: endsAt + seconds, seconds, totalUnits, shares }
}

/** As the market locks: whole units, rounded up lane by lane. */
const locked = (perSecond: bigint, seconds: number): bigint =>
  (perSecond * BigInt(seconds) + RATE_SCALE - 1n) / RATE_SCALE

/**
 * Lengthens an order's term as it was worked out, at no other price.
 * @throws sdk/too-little-money, market/term-out-of-range and others
 */
export async function extendOrder(
  allod: Allod,
  wallet: Wallet,
  { terms }: Pick<OrderRecord, 'terms'>,
  { seconds, totalUnits }: Pick<Extension, 'seconds' | 'totalUnits'>,
): Promise<Hex> {
  await fund(allod, wallet, totalUnits)
  const args = [termsArgs(marketTerms(terms)), terms.offers.map(offerArgs), seconds, totalUnits] as const
  return (await writerOf(allod, wallet).send('market', 'extend', args)).transaction
}
