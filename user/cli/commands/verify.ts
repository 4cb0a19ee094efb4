import { requireAgent } from '@allod/sdk'
import { readJson } from '@allod/sdk/node'
import { cardOf, verified } from '../flows/agentOf.ts'
import { checkReport } from '../flows/checkReport.ts'
import type { Command } from '../frame/command.ts'
import { checksText, verdictSummary } from '../render/checks.ts'
import { jsonOf } from '../render/jsonOf.ts'

export const command: Command = {
  arguments: ['<agent|report>'],
  options: {
    offline: { type: 'boolean', says: 'a report only from its file; what the chain knows stays unknown' },
  },
  about: 'An agent by its name or its card’s file; a report by its file. Everything is checked on this device.',
  async run(context) {
    const { positionals, out, allod: open } = context
    const [named = ''] = positionals
    const value = /[./]/.test(named) ? await readJson(named) : null
    if (typeof value === 'object' && value !== null && 'payload' in value) return checkReport(context, value)
    const verdict = await verified(context, await open(), await cardOf(context, named))
    out.result(
      jsonOf({ ...verdict, evidence: undefined }),
      `${checksText(verdict.checks, out.paint)}\n${verdictSummary(verdict, out.paint)}`,
    )
    requireAgent(verdict)
  },
}
