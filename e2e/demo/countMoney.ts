import type { Hex } from '@allod/protocol'
import type { StoryLog } from './chainLogs.ts'

/** Token units, counted from logs alone. */
export type Money = {
  /** Of these orders: locked, booked to payees, given back to the buyer, and what is still locked. */
  readonly locked: bigint
  readonly paid: bigint
  readonly refunded: bigint
  readonly escrowLeft: bigint
  /** Of the whole market: tokens that left it, and what the token says it still holds. */
  readonly withdrawn: bigint
  readonly marketHolds: bigint
  /**
   * Whether everybody has what is theirs: the token moved what the market says, holds for it exactly what other orders still
   * lock, and what was withdrawn is what was paid and refunded. What was deposited and not locked comes back too; a refund
   * that pays for the next order is locked without being deposited again.
   */
  readonly isPaidOut: boolean
}

/** Counts the money of orders, and of the market that they were made in. */
export function countMoney(logs: readonly StoryLog[], market: Hex, orders: readonly Hex[]): Money {
  const of = (names: readonly string[]) => logs.filter((log) => log.contract === 'market' && names.includes(log.name))
  const ours = books(logs.filter((log) => log.contract === 'market' && orders.includes(log.args.order as Hex)))
  const all = books(logs.filter((log) => log.contract === 'market'))
  const deposited = sum(of(['Deposited']).map((log) => log.args.amount))
  const withdrawn = sum(of(['Withdrawn']).map((log) => log.args.amount))
  const moved = (end: 'from' | 'to') =>
    sum(
      logs
        .filter((log) => log.contract === 'token' && log.name === 'Transfer')
        .filter((log) => String(log.args[end]).toLowerCase() === market)
        .map((log) => log.args.amount),
    )
  const [movedIn, movedOut] = [moved('to'), moved('from')]
  const marketHolds = movedIn - movedOut
  const others = all.escrowLeft - ours.escrowLeft
  return {
    ...ours,
    withdrawn,
    marketHolds,
    isPaidOut:
      ours.escrowLeft === 0n &&
      movedIn === deposited &&
      movedOut === withdrawn &&
      marketHolds === others &&
      withdrawn === all.paid + all.refunded + (deposited - all.locked),
  }
}

function books(logs: readonly StoryLog[]) {
  const of = (names: readonly string[], field: string) =>
    sum(logs.filter((log) => names.includes(log.name)).flatMap((log) => log.args[field]))
  const locked = of(['Created'], 'escrow') + of(['Extended'], 'added')
  const paid = of(['Claimed'], 'amounts')
  const refunded = of(['Claimed', 'Ended', 'Expired'], 'refund')
  return { locked, paid, refunded, escrowLeft: locked - paid - refunded }
}

const sum = (values: readonly unknown[]): bigint => values.reduce((total: bigint, v) => total + BigInt(v as bigint), 0n)
