import type { Command } from '../../frame/command.ts'
import { columns, shortHex } from '../../render/columns.ts'
import { jsonOf } from '../../render/jsonOf.ts'

export const command: Command = {
  arguments: [],
  options: {},
  about: 'Their cards are pinned: a changed or older card is refused.',
  async run({ out, agents }) {
    const cards = await (await agents()).list()
    const rows = cards.map((c) => [c.name, shortHex(c.orders.at(-1) ?? ''), shortHex(c.buyer)])
    out.result(
      cards.map(jsonOf),
      rows.length === 0 ? 'no agents' : columns([['agent', 'order', 'owner'].map(out.paint.bold), ...rows]),
    )
  },
}
