import { explainPolicy } from '@allod/attestation'
import type { Json } from '@allod/protocol'
import { evidenceOptions, policyOption } from '../../flows/evidenceOptions.ts'
import type { Command } from '../../frame/command.ts'

export const command: Command = {
  arguments: [],
  options: { policy: evidenceOptions.policy },
  about:
    'In words, or with --json whole as a file: what `npx allod evidence verify` demands unless told, or what a policy of yours does. A policy’s file need only say where it differs from the strict one.',
  async run({ values, out }) {
    const policy = await policyOption(values)
    out.result(policy as unknown as Json, explainPolicy(policy).join('\n'))
  },
}
