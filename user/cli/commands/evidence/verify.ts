import { type EvidenceFile, readEvidenceFile } from '@allod/attestation/files'
import { isAllodError } from '@allod/protocol'
import { type EvidenceVerdict, refusedBy, verifyEvidence, verifyEvidenceFile, verifyNrasFile } from '@allod/sdk'
import { collateralSource, sourceOptions } from '../../flows/collateralSource.ts'
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
import { exitCodeOf, exitCodes } from '../../frame/exitCode.ts'
import { checksText } from '../../render/checks.ts'
import { checkLines, verdictJson, verdictText } from '../../render/evidence.ts'

export const command: Command = {
  arguments: ['<file>'],
  options: {
    ...evidenceOptions,
    fetch: { type: 'boolean', says: 'ask the makers for collateral that is missing; nobody is asked unless told' },
    ...sourceOptions,
  },
  about:
    'A quote, a report, a device’s measurements, a token, a recording or a bundle, as its maker wrote it: binary, hex, base64, PEM or JSON. Hardware is checked on this device, without network; a bundle also asks the chain for its build. Exit code 0: accepted; 5: refused; 2: called wrongly. A file says nothing about freshness unless it answers a --nonce or --report-data of yours.',
  async run(context) {
    const { values, positionals, out } = context
    const [file = ''] = positionals
    const choices = evidenceChoices(values)
    const policy = await policyOption(values)
    const bytes = await evidenceBytes(file)
    const verdict = await out.step('checking the evidence', () => verdictOn(context, bytes, { ...choices, policy }))
    const checks = 'proof' in verdict ? checksText(verdict.proof, out.paint) : checkLines(verdict, out.paint)
    out.result(verdictJson(verdict), [checks, verdictText(verdict, out.paint)].filter(Boolean).join('\n'))
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
  let kind: string = choices.kind ?? 'unknown'
  try {
    const file = readEvidenceFile(bytes, choices.kind)
    if (file.kind === 'bundle') return await verdictOnBundle(context, file.value, choices)
    kind = file.kind === 'nras' ? 'nras' : (file.parts[0]?.kind ?? kind)
    return await verdictOnFile(context, file, choices)
  } catch (error) {
    // What is wrong with the call, the network or this machine is said as such; what is wrong with a file refuses it.
    if (isOfTheFile(error)) return refusedBy(error, kind)
    throw error
  }
}

// A bundle brings its own facts and collateral, and the chain says which build is meant: what nobody would look at is refused.
async function verdictOnBundle({ values, allod }: Context, value: unknown, { now }: Choices): Promise<Verdict> {
  const ignored = Object.keys(evidenceOptions).find((o) => !['kind', 'at'].includes(o) && values[o] !== undefined)
  if (ignored !== undefined) throw fail('bad-usage', { expected: 'a bundle alone', actual: `--${ignored}` })
  return verifyEvidence(await allod(), value, { now })
}

async function verdictOnFile(
  context: Context,
  file: Exclude<EvidenceFile, { kind: 'bundle' }>,
  choices: Choices,
): Promise<EvidenceVerdict> {
  requireCompared(file, choices)
  const { named, found } = await givenCollateral(context)
  return file.kind === 'nras'
    ? verifyNrasFile(file.token, { ...choices, endorsements: [...named, ...found] })
    : verifyEvidenceFile(file, {
        ...choices,
        endorsements: named,
        choice: found,
        ...(context.values.fetch === true ? { fetched: await collateralSource(context) } : {}),
      })
}

// What its reader knows must be compared with something: accepted beside it, evidence would seem fresh and be any.
function requireCompared(file: Exclude<EvidenceFile, { kind: 'bundle' }>, { nonce, reportData }: Choices): void {
  const kinds = file.kind === 'nras' ? [] : file.parts.map((part) => part.kind)
  const hasCpu = kinds.some((kind) => !kind.startsWith('nvidia'))
  // Of a recording the CPU signed the nonce itself.
  const isRecorded = file.kind === 'parts' && file.nonce !== null && file.reportData !== null && reportData === null
  if (reportData !== null && !hasCpu)
    throw fail('bad-usage', { expected: 'evidence of a CPU, or --nonce', actual: '--report-data' })
  if (nonce !== null && hasCpu && !isRecorded && kinds.length === 1)
    throw fail('bad-usage', { expected: 'evidence of devices, a recording, or --report-data', actual: '--nonce' })
}

const isOfTheFile = (error: unknown): boolean =>
  isAllodError(error) && (exitCodeOf(error) === exitCodes.attestation || error.code.startsWith('protocol/'))
