import { balanceOf, formatAmount } from '@allod/sdk'
import { earnings } from '../../flows/earnings.ts'
import type { Command } from '../../frame/command.ts'
import { columns, shortHex } from '../../render/columns.ts'
import { jsonOf } from '../../render/jsonOf.ts'

export const command: Command = {
  arguments: [],
  options: { all: { type: 'boolean', says: 'everybody’s, not only the wallet’s' } },
  about: 'From the chain, to the last unit. Claimed amounts are in the market’s ledger until they are withdrawn.',
  async run(context) {
    const { values, out, allod: open, wallet } = context
    const allod = await open()
    const { currency } = allod.network
    const payee = values.all === true ? null : (await wallet()).key.address
    const found = await out.step('reading orders', () => earnings(context, payee))
    const balance = payee === null ? null : await balanceOf(allod, payee)
    const rows = found.map((e) => [
      shortHex(e.order),
      e.job,
      e.state,
      shortHex(e.payee),
      formatAmount(e.claimed, currency),
      formatAmount(e.claimable, currency),
    ])
    const sum = (of: (e: (typeof found)[number]) => bigint): string =>
      formatAmount(
        found.reduce((total, e) => total + of(e), 0n),
        currency,
      )
    const table = columns(
      [
        ['order', 'job', 'state', 'paid to', 'claimed', 'claimable'].map(out.paint.bold),
        ...rows,
        ['total', '', '', '', sum((e) => e.claimed), sum((e) => e.claimable)],
      ],
      { right: [4, 5] },
    )
    out.result(jsonOf({ earnings: found, balance }), table)
    if (balance !== null)
      out.note(
        `in the market: ${formatAmount(balance.market, currency)}; in the wallet: ${formatAmount(balance.wallet, currency)}`,
      )
  },
}
