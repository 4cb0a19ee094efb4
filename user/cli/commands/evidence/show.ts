import type { Json } from '@allod/protocol'
import { writeJson } from '@allod/sdk/node'
import { cardOf, verified } from '../../flows/agentOf.ts'
import type { Command } from '../../frame/command.ts'

export const command: Command = {
  arguments: ['<agent>'],
  options: { out: { type: 'string', value: '<file>', says: 'where to; stdout unless told' } },
  about: 'Fresh, over a nonce of this device, with everything that is needed to check it again later.',
  async run(context) {
    const { positionals, values, out, allod: open } = context
    const { evidence } = await verified(context, await open(), await cardOf(context, positionals[0] ?? ''))
    if (typeof values.out !== 'string') return out.result(evidence as Json, JSON.stringify(evidence, null, 2))
    await writeJson(values.out, evidence as Json, 0o644)
    out.result({ file: values.out }, values.out)
    out.note(`check it: npx allod evidence verify ${values.out}`)
  },
}
