import { type MarketTerms, type OrderState, ordersCreated, type View } from '@allod/chain'
import type { Hex } from '@allod/protocol'
import type { Allod } from '../allod.ts'

/** What one payee has from one order, in token units. */
export type Earning = {
  readonly order: Hex
  readonly job: string
  readonly state: OrderState
  readonly payee: Hex
  /** Lanes it stands in; the last lane of an order is the keepers'. */
  readonly lanes: readonly number[]
  /** Booked to its balance. */
  readonly claimed: bigint
  /** Earned and not claimed yet. */
  readonly claimable: bigint
}

/** An order's money, to the last unit. */
export type OrderMoney = {
  readonly order: Hex
  readonly buyer: Hex
  readonly state: OrderState
  readonly job: string
  readonly earnings: readonly Earning[]
  readonly refunded: bigint
  /** Still locked. */
  readonly escrow: bigint
}

/** All orders of the network, oldest first; every endpoint must say the same of them. */
export async function ordersOnChain({ network, chain }: Pick<Allod, 'network' | 'chain'>): Promise<readonly Hex[]> {
  const { block } = await chain.latest()
  return ordersCreated(network, block)
}

/** Who earned what of an order: from its Claimed events, and what a claim would pay now. */
export async function orderMoney({ chain }: Pick<Allod, 'chain'>, order: Hex): Promise<OrderMoney> {
  const view = await chain.latest()
  const [state, terms, events] = await Promise.all([view.order(order), view.terms(order), view.orderEvents(order)])
  const due = await view.claimable(terms)
  const payees = await keeperPayees(view, state.committee)
  const claims = events.filter((e) => e.name === 'Claimed')
  const claimed = newLedger(terms, payees)
  for (const { args } of claims) claimed.add(args.amounts as readonly bigint[], Number(args.signers))
  const claimable = newLedger(terms, payees)
  claimable.add(due.amounts, state.signers)
  const refunds = events.filter((e) => e.name === 'Claimed' || e.name === 'Ended' || e.name === 'Expired')
  const job = state.job ?? 'none'
  return {
    order,
    buyer: terms.buyer,
    state: state.state,
    job,
    refunded: refunds.reduce((sum, e) => sum + BigInt(e.args.refund as bigint), 0n),
    escrow: state.escrow,
    earnings: [...new Set([...claimed.payees(), ...claimable.payees()])].map((payee) => ({
      order,
      job,
      state: state.state,
      payee,
      lanes: claimed.lanesOf(payee),
      claimed: claimed.of(payee),
      claimable: claimable.of(payee),
    })),
  }
}

/**
 * What a payee, or everybody, has from every order of the network, where it is anything.
 * @param options.orders which orders to look at; all by their Created events unless told
 */
export async function earningsOf(
  allod: Pick<Allod, 'network' | 'chain'>,
  payee: Hex | null,
  { orders }: { readonly orders?: readonly Hex[] } = {},
): Promise<readonly Earning[]> {
  const found: Earning[] = []
  for (const order of orders ?? (await ordersOnChain(allod))) {
    const { earnings } = await orderMoney(allod, order)
    found.push(...earnings.filter((e) => (payee === null || e.payee === payee) && e.claimed + e.claimable > 0n))
  }
  return found
}

/** Payees of a committee, by the seat that signer bits count. */
async function keeperPayees(view: View, committee: Hex): Promise<readonly Hex[]> {
  return (await view.committee(committee)).members.map((m) => m.payee)
}

// Splits as the market does: the keepers' lane evenly among those who voted, what is left over to the first of them.
function newLedger(terms: MarketTerms, keepers: readonly Hex[]) {
  const totals = new Map<Hex, bigint>()
  const credit = (payee: Hex, amount: bigint): void => {
    totals.set(payee, (totals.get(payee) ?? 0n) + amount)
  }
  const last = terms.lanes.length - 1
  return {
    add(amounts: readonly bigint[], signers: number): void {
      for (const [i, amount] of amounts.entries()) {
        const payee = terms.lanes[i]?.payee
        if (i !== last && payee !== undefined) credit(payee, amount)
      }
      const voters = keepers.filter((_, seat) => (signers >> seat) & 1)
      const amount = amounts[last] ?? 0n
      const count = BigInt(voters.length)
      for (const [i, payee] of voters.entries()) credit(payee, amount / count + (i === 0 ? amount % count : 0n))
    },
    payees: () => [...totals.keys()],
    of: (payee: Hex) => totals.get(payee) ?? 0n,
    lanesOf: (payee: Hex) =>
      terms.lanes.flatMap((lane, i) => ((i === last ? keepers.includes(payee) : lane.payee === payee) ? [i] : [])),
  }
}
