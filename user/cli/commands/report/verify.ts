import { readJson } from '@allod/sdk/node'
import { checkReport } from '../../flows/checkReport.ts'
import type { Command } from '../../frame/command.ts'
import { fail } from '../../frame/errors.ts'

export const command: Command = {
  arguments: ['<file>'],
  options: {
    offline: { type: 'boolean', says: 'only from the file; what the chain knows stays unknown' },
  },
  about:
    'Signature, attestation at the time, votes, facts, lineage, storage, and what the chain recorded. Three verdicts: valid then, revoked since, unknown. A changed field is refused and named where a second witness disagrees.',
  async run(context) {
    const [file = ''] = context.positionals
    const value = await readJson(file)
    if (value === null) throw fail('bad-usage', { expected: 'a report’s file', actual: file })
    await checkReport(context, value)
  },
}
