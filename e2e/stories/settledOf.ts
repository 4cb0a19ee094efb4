import { type Allod, type OrderRecord, orderMoney } from '@allod/sdk'

/** How an order ended, counted from its events. */
export type Settled = {
  readonly state: string
  readonly isReported: boolean
  readonly isFailed: boolean
  readonly startedAt: number
  readonly endedAt: number
  readonly attestedSeconds: number
  readonly attestedUpTo: number
  readonly generation: number
  readonly locked: bigint
  /** What each lane was paid, in the lanes' order. */
  readonly paidByLane: readonly bigint[]
  readonly paid: bigint
  readonly refunded: bigint
  readonly escrow: bigint
}

/** Reads it at the newest block. */
export async function settledOf(allod: Allod, { order, terms }: OrderRecord): Promise<Settled> {
  const view = await allod.chain.latest()
  const [state, events] = await Promise.all([view.order(order), view.orderEvents(order)])
  const { refunded, escrow } = await orderMoney(allod, order)
  const claims = events.filter((e) => e.name === 'Claimed').map((e) => e.args.amounts as readonly bigint[])
  const paidByLane = terms.lanes.map((_, lane) => claims.reduce((sum, amounts) => sum + (amounts[lane] ?? 0n), 0n))
  const created = events.find((e) => e.name === 'Created')
  return {
    ...{ state: state.state, generation: state.generation, refunded, escrow },
    ...{ isReported: state.isReported, isFailed: state.isFailed },
    ...{ startedAt: state.startedAt, endedAt: state.endedAt },
    ...{ attestedSeconds: state.attestedSeconds, attestedUpTo: state.attestedUpTo },
    locked: BigInt(created?.args.escrow as bigint),
    paidByLane,
    paid: paidByLane.reduce((sum, amount) => sum + amount, 0n),
  }
}

/** What each lane earns for a time, and with its fixed fee where that vested: rates are in 1e-12 token units a second. */
export const earnedByLane = (
  { terms }: OrderRecord,
  seconds: number,
  { isVested }: { readonly isVested: boolean },
): readonly bigint[] =>
  terms.lanes.map(
    ({ perSecond, perOrder }) =>
      (BigInt(perSecond) * BigInt(seconds)) / 10n ** 12n + (isVested ? BigInt(perOrder) : 0n),
  )
