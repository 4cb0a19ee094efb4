import { type EvidenceFile, readEvidenceFile } from '@allod/attestation/files'
import { type EvidenceVerdict, refusedBy, verifyEvidence, verifyEvidenceFile } from '@allod/sdk'
import {
  evidenceBytes,
  evidenceChoices,
  evidenceOptions,
  givenCollateral,
  policyOption,
} from '../../flows/evidenceOptions.ts'
import type { Context } from '../../frame/Context.ts'
import type { Command } from '../../frame/command.ts'
import { Ended } from '../../frame/Ended.ts'
import { fail } from '../../frame/errors.ts'
import { exitCodes } from '../../frame/exitCode.ts'
import { checksText } from '../../render/checks.ts'
import { verdictJson, verdictText } from '../../render/evidence.ts'

export const command: Command = {
  arguments: ['<file>'],
  options: evidenceOptions,
  about:
    'A quote, a report, a device’s measurements, a token, a recording or a bundle, as its maker wrote it: binary, hex, base64, PEM or JSON. Hardware is checked on this device, without network; a bundle also asks the chain for its build. Exit code 0: accepted; 5: refused; 2: called wrongly. A file says nothing about freshness unless it answers a --nonce or --report-data of yours.',
  async run(context) {
    const { values, positionals, out } = context
    const [file = ''] = positionals
    const choices = evidenceChoices(values)
    const policy = await policyOption(values)
    const bytes = await evidenceBytes(file)
    const verdict = await out.step('checking the evidence', () => verdictOn(context, bytes, { ...choices, policy }))
    const proof = 'proof' in verdict ? checksText(verdict.proof, out.paint) : ''
    const text = verdictText(proof === '' ? verdict : { ...verdict, checks: [] }, out.paint)
    out.result(verdictJson(verdict), [proof, text].filter(Boolean).join('\n'))
    if (verdict.isAccepted) return
    if (out.isJson) throw new Ended(exitCodes.attestation)
    const { code, hint, meta } = verdict.error ?? {}
    throw fail('evidence-refused', {
      ...(hint === undefined ? {} : { hint }),
      meta: { code, ...meta },
      cause: verdict.error,
    })
  },
}

type Choices = ReturnType<typeof evidenceChoices> & { readonly policy: Awaited<ReturnType<typeof policyOption>> }
type Verdict = EvidenceVerdict | Awaited<ReturnType<typeof verifyEvidence>>

async function verdictOn(context: Context, bytes: Uint8Array, choices: Choices): Promise<Verdict> {
  let file: EvidenceFile
  try {
    file = readEvidenceFile(bytes, choices.kind)
  } catch (error) {
    return refusedBy(error, choices.kind ?? 'unknown')
  }
  switch (file.kind) {
    case 'bundle':
      return verifyEvidence(await context.allod(), file.value, choices)
    case 'parts': {
      let collateral: Awaited<ReturnType<typeof givenCollateral>>
      try {
        collateral = await givenCollateral(context)
      } catch (error) {
        if (isUsage(error)) throw error
        return refusedBy(error, file.parts[0]?.kind ?? 'unknown')
      }
      return verifyEvidenceFile(file, { ...choices, endorsements: [...collateral.named, ...collateral.found] })
    }
    case 'nras':
      throw fail('bad-usage', { actual: 'nras' })
    default:
      return file satisfies never
  }
}

const isUsage = (error: unknown): boolean => (error as { readonly code?: string }).code?.startsWith('cli/') === true
