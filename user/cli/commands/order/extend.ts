import { extendOrder, formatAmount, parseAmount } from '@allod/sdk'
import { integerOption } from '../../flows/integerOption.ts'
import type { Command } from '../../frame/command.ts'
import { fail } from '../../frame/errors.ts'
import { confirm } from '../../frame/prompt.ts'
import { formatSeconds } from '../../render/transfer.ts'

export const command: Command = {
  arguments: ['<order>'],
  options: {
    seconds: { type: 'string', value: '<n>', says: 'how much longer' },
    'max-price': { type: 'string', value: '<amount>', says: 'refuse above this addition' },
    yes: { type: 'boolean', says: 'pay without being asked' },
  },
  about: 'At the prices agreed when it was placed, within every offer’s limits.',
  async run({ positionals, values, io, out, allod: open, orders, wallet }) {
    const allod = await open()
    const { currency } = allod.network
    const record = await (await orders()).get(positionals[0] ?? '')
    const seconds = integerOption(values, 'seconds', { otherwise: 0, max: 31_536_000 })
    if (seconds === 0) throw fail('bad-usage', { expected: '--seconds <n>' })
    await confirm(`lengthen order ${record.order.slice(0, 10)} by ${formatSeconds(seconds)}?`, {
      io,
      out,
      isYes: values.yes === true,
    })
    const buyer = await wallet()
    const limit =
      typeof values['max-price'] === 'string' ? { maxUnits: parseAmount(values['max-price'], currency) } : {}
    const { units, transaction } = await out.step('extending', () =>
      extendOrder(allod, buyer, record, { seconds, ...limit }),
    )
    out.result(
      { order: record.order, seconds, units: String(units), transaction },
      `longer by ${formatSeconds(seconds)}, at most ${formatAmount(units, currency)}`,
    )
  },
}
