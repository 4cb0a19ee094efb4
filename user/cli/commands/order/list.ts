import { formatAmount } from '@allod/sdk'
import type { Command } from '../../frame/command.ts'
import { columns, shortHex } from '../../render/columns.ts'
import { jsonOf } from '../../render/jsonOf.ts'

export const command: Command = {
  arguments: [],
  options: {},
  about: 'Newest last. Money stands on chain; the rest is kept beside the network’s description.',
  async run({ out, allod: open, orders }) {
    const allod = await open()
    const records = await (await orders()).list()
    const view = await out.step('reading the chain', () => allod.chain.latest())
    const states = await Promise.all(records.map((r) => view.order(r.order)))
    const { currency } = allod.network
    const rows = records.map((r, i) => [
      shortHex(r.order),
      r.spec.kind,
      states[i]?.state ?? 'none',
      `${states[i]?.attestedSeconds ?? 0} of ${r.terms.seconds} s`,
      formatAmount(states[i]?.escrow ?? 0n, currency),
      new Date(r.placedAt * 1000).toISOString().slice(0, 16).replace('T', ' '),
    ])
    const heading = ['order', 'job', 'state', 'attested', 'locked', 'placed (UTC)'].map(out.paint.bold)
    out.result(
      records.map((r, i) =>
        jsonOf({ order: r.order, job: r.spec.kind, placedAt: r.placedAt, wallet: r.wallet, chain: states[i] }),
      ),
      rows.length === 0 ? 'no orders' : columns([heading, ...rows], { right: [3, 4] }),
    )
  },
}
