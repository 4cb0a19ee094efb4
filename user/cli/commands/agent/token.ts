import { encodeToken, issueToken } from '@allod/sdk'
import { cardOf } from '../../flows/agentOf.ts'
import { integerOption } from '../../flows/integerOption.ts'
import type { Command } from '../../frame/command.ts'

export const command: Command = {
  arguments: ['<agent>'],
  options: {
    quota: {
      type: 'string',
      value: '<tokens>',
      says: 'tokens its holder may use in all, prompts and answers; 100000 unless told',
    },
    seconds: { type: 'string', value: '<n>', says: 'how long it is good, at most a day; 3600 unless told' },
  },
  about:
    'Signed by the issuer key of the order’s spec, which only the agent’s owner has. Hand it to whoever may talk. A quota counts prompts and answers; while an answer is written its prompt is held as a token a byte, so what is left must have room for that.',
  async run(context) {
    const { positionals, values, out, orders, wallet } = context
    const card = await cardOf(context, positionals[0] ?? '')
    const record = await (await orders()).get(card.orders.at(-1) ?? '')
    const token = await issueToken(await wallet(), record, {
      quota: integerOption(values, 'quota', { otherwise: 100_000, min: 1 }),
      seconds: integerOption(values, 'seconds', { otherwise: 3600, min: 1, max: 86_400 }),
    })
    out.result({ agent: card.name, ...token, token: encodeToken(token) }, encodeToken(token))
  },
}
