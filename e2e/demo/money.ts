import type { Hex } from '@allod/protocol'
import { formatAmount, type OrderRecord, orderMoney, settleOrder, type Wallet, withdraw } from '@allod/sdk'
import type { Stage } from './Story.ts'

/** Everybody who is paid, by name. */
export type Payee = { readonly name: string; readonly wallet: Wallet }

/** Sees orders through to the last unit, says who earned what, and lets each payee withdraw to the own wallet. */
export async function settle(
  { allod, cast, say }: Stage,
  orders: readonly OrderRecord[],
  payees: readonly Payee[],
): Promise<void> {
  const money = (units: bigint) => formatAmount(units, allod.network.currency)
  const earned = new Map<Hex, bigint>()
  for (const { order, spec } of orders) {
    await settleOrder(allod, cast.developer, order, { isEnding: true, maxSeconds: 120 })
    const { earnings, refunded, escrow } = await orderMoney(allod, order)
    say(`${spec.kind} order ${order.slice(0, 10)}…: refunded ${money(refunded)}, in escrow ${money(escrow)}`)
    for (const { payee, claimed } of earnings) earned.set(payee, (earned.get(payee) ?? 0n) + claimed)
  }
  for (const { name, wallet } of payees) {
    const { units } = await withdraw(allod, wallet)
    say(`  ${name.padEnd(14)} earned ${money(earned.get(wallet.key.address) ?? 0n)}, withdrew ${money(units)}`)
  }
}
