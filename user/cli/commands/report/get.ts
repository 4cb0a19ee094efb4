import type { Json } from '@allod/protocol'
import { fetchReport } from '@allod/sdk'
import { writeJson } from '@allod/sdk/node'
import type { Command } from '../../frame/command.ts'
import { plainJson } from '../../render/plain.ts'

export const command: Command = {
  arguments: ['<order>'],
  options: { out: { type: 'string', value: '<file>', says: 'where to; stdout unless told' } },
  about: 'From the order’s provider, held against the hash on chain. The file proves the order to anybody.',
  async run({ positionals, values, out, allod: open, orders }) {
    const allod = await open()
    const record = await (await orders()).get(positionals[0] ?? '')
    const { envelope, hash } = await out.step('fetching the report', () => fetchReport(allod, record))
    if (typeof values.out !== 'string') return out.result(envelope as Json, plainJson(envelope))
    await writeJson(values.out, envelope as Json, 0o644)
    out.result({ file: values.out, hash }, values.out)
    out.note(`check it: npx allod report verify ${values.out}`)
  },
}
