import type { Field } from '@allod/attestation'
import { type EvidenceFile, readEvidenceFile } from '@allod/attestation/files'
import { describeEvidence } from '@allod/attestation/hardware'
import { isAllodError, type Json } from '@allod/protocol'
import { readBytes, writeJson } from '@allod/sdk/node'
import { cardOf, verified } from '../../flows/agentOf.ts'
import { evidenceChoices, evidenceOptions } from '../../flows/evidenceOptions.ts'
import type { Context } from '../../frame/Context.ts'
import type { Command } from '../../frame/command.ts'
import { fieldsText } from '../../render/evidence.ts'
import { jsonOf } from '../../render/jsonOf.ts'
import { plainJson } from '../../render/plain.ts'

export const command: Command = {
  arguments: ['<file|agent>'],
  options: {
    kind: evidenceOptions.kind,
    out: { type: 'string', value: '<file>', says: 'of an agent: where its evidence goes; stdout unless told' },
  },
  about:
    'A file of evidence: every field in words, nothing of it verified. An agent: its evidence, fresh over a nonce of this device, with everything that is needed to check it again later.',
  async run(context) {
    const [named = ''] = context.positionals
    const file = await evidenceFile(named, context)
    if (file === null) return showAgent(context, named)
    if (file.kind === 'bundle') return context.out.result(jsonOf(file.value), plainJson(file.value, 2))
    const described = partsOf(file).map(({ kind, evidence }) => ({ kind, fields: describeEvidence(kind, evidence) }))
    const { out } = context
    out.result(jsonOf(described), described.map(({ kind, fields }) => titled(kind, fields, context)).join('\n\n'))
    out.note('nothing of this was verified; check it: npx allod evidence verify')
  },
}

const titled = (kind: string, fields: readonly Field[], { out }: Context): string =>
  `${out.paint.bold(kind)}\n${fieldsText(fields, out.paint)}`

type Hardware = Exclude<EvidenceFile, { kind: 'bundle' }>

const partsOf = (file: Hardware) =>
  file.kind === 'nras' ? [{ kind: 'nras' as const, evidence: file.token }] : file.parts

// Null where the name is an agent's: there is no such file, or it is the card of one.
async function evidenceFile(named: string, { values }: Context): Promise<EvidenceFile | null> {
  const { kind } = evidenceChoices({ kind: values.kind })
  const bytes = await readBytes(named)
  if (bytes === null) return null
  try {
    return readEvidenceFile(bytes, kind)
  } catch (error) {
    if (isAllodError(error, 'file/unknown-evidence') && isCard(bytes)) return null
    throw error
  }
}

function isCard(bytes: Uint8Array): boolean {
  try {
    return 'signature' in JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return false
  }
}

async function showAgent(context: Context, named: string): Promise<void> {
  const { values, out, allod: open } = context
  const { evidence } = await verified(context, await open(), await cardOf(context, named))
  if (typeof values.out !== 'string') return out.result(evidence as Json, plainJson(evidence, 2))
  await writeJson(values.out, evidence as Json, 0o644)
  out.result({ file: values.out }, values.out)
  out.note(`check it: npx allod evidence verify ${values.out}`)
}
