import { type Claimed, claimOrder, formatAmount } from '@allod/sdk'
import { earnings } from '../../flows/earnings.ts'
import type { Command } from '../../frame/command.ts'
import { jsonOf } from '../../render/jsonOf.ts'

export const command: Command = {
  arguments: ['[order]'],
  options: {},
  about:
    'Yours from every order, or all lanes of one order. Needs nobody’s consent; also refunds buyers what can no longer be earned.',
  async run(context) {
    const { positionals, out, allod: open, wallet, orders } = context
    const allod = await open()
    const payee = await wallet()
    const [named] = positionals
    const due = named === undefined ? await earnings(context, payee.key.address) : []
    const targets: { readonly order: `0x${string}`; readonly lanes?: readonly number[] }[] =
      named === undefined
        ? due.filter((e) => e.claimable > 0n).map(({ order, lanes }) => ({ order, lanes }))
        : [
            {
              order: /^0x[0-9a-f]{64}$/.test(named)
                ? (named as `0x${string}`)
                : (await (await orders()).get(named)).order,
            },
          ]
    const claims: (Claimed & { readonly order: string })[] = []
    for (const { order, ...choice } of targets)
      claims.push({ order, ...(await out.step('claiming', () => claimOrder(allod, payee, order, choice))) })
    const total = claims.reduce((sum, c) => sum + c.amounts.reduce((a, b) => a + b, 0n), 0n)
    out.result(
      jsonOf({ claims, totalUnits: total }),
      `claimed ${formatAmount(total, allod.network.currency)} from ${claims.length} orders`,
    )
  },
}
