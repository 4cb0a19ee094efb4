import { claimOrder, endOrder, expireOrder } from '@allod/sdk'
import type { Command } from '../../frame/command.ts'
import { confirm } from '../../frame/prompt.ts'

export const command: Command = {
  arguments: ['<order>'],
  options: { yes: { type: 'boolean', says: 'end it without being asked' } },
  about:
    'Before its start everything is refunded; later what was not used. A finished order’s unproved time returns by `npx allod earnings claim` once the market’s windows are over.',
  async run({ positionals, values, io, out, allod: open, orders, wallet }) {
    const allod = await open()
    const record = await (await orders()).get(positionals[0] ?? '')
    const view = await allod.chain.latest()
    const { state, startBy } = await view.order(record.order)
    await confirm(`end order ${record.order.slice(0, 10)}, which is ${state}?`, { io, out, isYes: values.yes === true })
    const buyer = await wallet()
    const isLate = state === 'open' && view.block.time > startBy
    const transaction = await out.step('ending the order', async () => {
      if (state === 'ended') return (await claimOrder(allod, buyer, record.order)).transaction
      return isLate ? expireOrder(allod, buyer, record) : endOrder(allod, buyer, record)
    })
    out.result({ order: record.order, was: state, transaction }, `order ${record.order} is over`)
  },
}
