import { verifyEvidence } from '@allod/sdk'
import { readJson } from '@allod/sdk/node'
import type { Command } from '../../frame/command.ts'
import { fail } from '../../frame/errors.ts'
import { checksText } from '../../render/checks.ts'
import { jsonOf } from '../../render/jsonOf.ts'

export const command: Command = {
  arguments: ['<file>'],
  options: {},
  about:
    'Signatures, binding, platform and build. Says nothing about freshness: a file answers no nonce of yours; `npx allod verify` does.',
  async run({ positionals, out, allod: open }) {
    const [file = ''] = positionals
    const value = await readJson(file)
    if (value === null) throw fail('bad-usage', { expected: 'an evidence bundle’s file', actual: file })
    const allod = await open()
    const checks = await out.step('checking the evidence', () => verifyEvidence(allod, value))
    out.result(jsonOf({ checks }), checksText(checks, out.paint))
    const refused = checks.filter((c) => c.result !== 'pass')
    if (refused.length > 0) throw fail('evidence-refused', { meta: { refused: refused.map((c) => c.name) } })
  },
}
