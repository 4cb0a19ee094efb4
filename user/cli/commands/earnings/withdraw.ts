import { balanceOf, formatAmount, parseAmount, withdraw } from '@allod/sdk'
import { addressOf } from '../../flows/addressOf.ts'
import type { Command } from '../../frame/command.ts'
import { confirm } from '../../frame/prompt.ts'

export const command: Command = {
  arguments: ['[amount]'],
  options: {
    to: { type: 'string', value: '<address>', says: 'another address than the wallet’s; asks first' },
    yes: { type: 'boolean', says: 'send it to another address without being asked' },
  },
  about: 'Everything unless an amount is given.',
  async run({ positionals, values, io, out, allod: open, wallet }) {
    const allod = await open()
    const owner = await wallet()
    const [amount] = positionals
    const { currency } = allod.network
    const own = owner.key.address
    const to = typeof values.to === 'string' ? addressOf('to', values.to) : own
    const wanted = amount === undefined ? (await balanceOf(allod, own)).market : parseAmount(amount, currency)
    if (to !== own)
      await confirm(`send ${formatAmount(wanted, currency)} to ${to}, which is not this wallet’s own address?`, {
        io,
        out,
        isYes: values.yes === true,
      })
    const { units, transaction } = await out.step('withdrawing', () => withdraw(allod, owner, { to, units: wanted }))
    out.result({ units: String(units), to, transaction }, `withdrew ${formatAmount(units, currency)} to ${to}`)
  },
}
