import { type StepName, stepNames } from '@allod/sdk'
import { watch } from '../../flows/watch.ts'
import type { Command } from '../../frame/command.ts'
import { fail } from '../../frame/errors.ts'

export const command: Command = {
  arguments: ['<order>'],
  options: {
    until: { type: 'string', value: '<step>', says: `stop at a step: ${stepNames.join(', ')}` },
  },
  about:
    'From its first event on. Figures are sealed to you and opened here. Stopping and starting again changes nothing.',
  async run(context) {
    const { positionals, values, out, allod: open, orders, wallet } = context
    const until: StepName | undefined = stepNames.find((s) => s === values.until)
    if (values.until !== undefined && until === undefined)
      throw fail('bad-usage', { expected: stepNames, actual: String(values.until) })
    const record = await (await orders()).get(positionals[0] ?? '')
    const { step, reason } = await watch(context, await open(), record, {
      wallet: await wallet(),
      until: [until ?? (record.spec.kind === 'serve' ? 'serving' : 'reported')],
    })
    out.line({ order: record.order, step, reason }, step)
  },
}
