import type { OrderLog } from '@allod/chain'
import type { Json } from '@allod/protocol'
import type { Allod, OrderRecord } from '@allod/sdk'

/** Every event of the orders, as JSON: amounts are decimal strings. */
export async function chainLogs({ chain }: Allod, orders: readonly OrderRecord[]): Promise<readonly Json[]> {
  const view = await chain.latest()
  const logs = await Promise.all(orders.map(async ({ order }) => view.orderEvents(order)))
  return logs
    .flat()
    .map((log) => JSON.parse(JSON.stringify(log, (_, v) => (typeof v === 'bigint' ? v.toString() : v))) as Json)
}

/** Money of the orders, counted from their events alone. */
export function countMoney(logs: readonly Json[]): {
  readonly paid: bigint
  readonly refunded: bigint
  readonly escrowLeft: bigint
} {
  let [locked, paid, refunded] = [0n, 0n, 0n]
  for (const log of logs as unknown as readonly OrderLog[]) {
    const args = log.args as {
      readonly escrow?: string
      readonly added?: string
      readonly amounts?: readonly string[]
      readonly refund?: string
    }
    if (log.name === 'Created') locked += BigInt(args.escrow ?? 0)
    if (log.name === 'Extended') locked += BigInt(args.added ?? 0)
    if (log.name === 'Claimed') for (const amount of args.amounts ?? []) paid += BigInt(amount)
    if (log.name === 'Claimed' || log.name === 'Ended' || log.name === 'Expired') refunded += BigInt(args.refund ?? 0)
  }
  return { paid, refunded, escrowLeft: locked - paid - refunded }
}
