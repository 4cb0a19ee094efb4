import { isHex } from '@allod/protocol'
import { formatAmount, parseAmount, withdraw } from '@allod/sdk'
import type { Command } from '../../frame/command.ts'
import { fail } from '../../frame/errors.ts'

export const command: Command = {
  arguments: ['[amount]'],
  options: { to: { type: 'string', value: '<address>', says: 'another address than the wallet’s' } },
  about: 'Everything unless an amount is given.',
  async run({ positionals, values, out, allod: open, wallet }) {
    const allod = await open()
    const owner = await wallet()
    const [amount] = positionals
    const { currency } = allod.network
    const to = values.to === undefined ? owner.key.address : String(values.to).toLowerCase()
    if (!isHex(to, 20)) throw fail('bad-usage', { expected: '--to <address>', actual: to })
    const { units, transaction } = await out.step('withdrawing', () =>
      withdraw(allod, owner, { to, ...(amount === undefined ? {} : { units: parseAmount(amount, currency) }) }),
    )
    out.result({ units: String(units), to, transaction }, `withdrew ${formatAmount(units, currency)} to ${to}`)
  },
}
