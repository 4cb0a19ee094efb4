import { type EvidencePolicy, parseEvidencePolicy, strictEvidence } from '@allod/attestation'
import { type FileKind, fileKinds, readCollateralFile } from '@allod/attestation/files'
import { type Hex, isAllodError, isHex } from '@allod/protocol'
import { filesAt, readBytes, readJson } from '@allod/sdk/node'
import type { Context } from '../frame/Context.ts'
import type { Options, Values } from '../frame/command.ts'
import { fail } from '../frame/errors.ts'

/** Options by which a reader of evidence says what it knows. */
export const evidenceOptions = {
  kind: {
    type: 'string',
    value: '<kind>',
    says: `${fileKinds.join(', ')}; told from the file unless said`,
  },
  collateral: {
    type: 'string',
    value: '<dir|file>',
    says: 'revocation lists, TCB information, certificates, an offline bundle; may be repeated',
    multiple: true,
  },
  'cert-chain': { type: 'string', value: '<file>', says: 'certificates of the chip or device', multiple: true },
  rim: {
    type: 'string',
    value: '<file>',
    says: 'reference manifest of a driver or VBIOS; may be repeated',
    multiple: true,
  },
  nonce: { type: 'string', value: '<hex>', says: 'the 32 bytes that devices had to answer' },
  'report-data': {
    type: 'string',
    value: '<hex>',
    says: 'the 64 bytes that the CPU had to sign; fewer are followed by zeros',
  },
  policy: {
    type: 'string',
    value: '<file>',
    says: 'what to demand; strict unless told, see `npx allod evidence policy`',
  },
  at: { type: 'string', value: '<ISO time>', says: 'the moment at which dates are judged; now unless told' },
} as const satisfies Options

/** What those options say. */
export type EvidenceChoices = {
  readonly kind: FileKind | null
  readonly nonce: Hex | null
  readonly reportData: Hex | null
  /** Unix seconds. */
  readonly now: number
}

/** Reads the options that name no file. @throws cli/bad-usage */
export function evidenceChoices(values: Values): EvidenceChoices {
  const kind = values.kind === undefined ? null : fileKinds.find((k) => k === values.kind)
  if (kind === undefined) throw fail('bad-usage', { expected: `--kind ${fileKinds.join('|')}`, actual: values.kind })
  const reportData = hexOption(values, 'report-data', 64)
  return {
    kind,
    nonce: hexOption(values, 'nonce', 32, 32),
    reportData: reportData === null ? null : (reportData.padEnd(130, '0') as Hex),
    now: timeOption(values.at),
  }
}

/** The policy of `--policy`, strict without. @throws cli/bad-usage, cli/bad-policy */
export async function policyOption(values: Values): Promise<EvidencePolicy> {
  if (typeof values.policy !== 'string') return strictEvidence
  const value = await readJson(values.policy)
  if (value === null) throw fail('bad-usage', { expected: 'a policy’s file', actual: values.policy })
  try {
    return parseEvidencePolicy(value)
  } catch (cause) {
    const meta = isAllodError(cause) ? cause.meta : {}
    throw fail('bad-policy', { ...meta, meta: { file: values.policy, path: meta.path }, cause })
  }
}

/** A file of evidence. @throws cli/bad-usage where there is none */
export async function evidenceBytes(file: string): Promise<Uint8Array> {
  const bytes = await readBytes(file)
  if (bytes === null) throw fail('bad-usage', { expected: 'a file of evidence', actual: file })
  return bytes
}

/** Collateral, in blobs: what was named as a file must be read, and of a folder what can be. */
export type GivenCollateral = { readonly named: readonly Uint8Array[]; readonly found: readonly Uint8Array[] }

/**
 * Reads what `--collateral`, `--cert-chain` and `--rim` name.
 * @throws cli/bad-usage where there is no such file; file/unknown-collateral for a file that was named
 */
export async function givenCollateral({ values, out }: Pick<Context, 'values' | 'out'>): Promise<GivenCollateral> {
  const paths = [values.collateral, values['cert-chain'], values.rim].flatMap((v) => (Array.isArray(v) ? v : []))
  const named: Uint8Array[] = []
  const found: Uint8Array[] = []
  for (const path of paths.map(String)) {
    const files = await filesAt(path).catch((cause) => {
      throw fail('bad-usage', { expected: 'a file or folder of collateral', actual: path, cause })
    })
    const isFolder = files.length !== 1 || files[0] !== path
    for (const file of files) {
      const bytes = await evidenceBytes(file)
      if (!isFolder) named.push(...readCollateralFile(bytes))
      else {
        try {
          found.push(...readCollateralFile(bytes))
        } catch (error) {
          if (!isAllodError(error)) throw error
          out.note(`passed over ${file}: ${error.message}`)
        }
      }
    }
  }
  return { named, found }
}

function hexOption(values: Values, name: string, max: number, min = 0): Hex | null {
  const given = values[name]
  if (given === undefined) return null
  const value = `0x${String(given).toLowerCase().replace(/^0x/, '')}`
  const size = (value.length - 2) / 2
  if (!isHex(value) || size < min || size > max)
    throw fail('bad-usage', {
      expected: `--${name} <hex of ${min === max ? max : `at most ${max}`} bytes>`,
      actual: String(given).slice(0, 140),
    })
  return value
}

// A time without a zone is UTC: the same command means the same everywhere.
function timeOption(given: Values[string]): number {
  if (given === undefined) return Math.floor(Date.now() / 1000)
  const text = String(given)
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text)
  const hasZone = /(Z|[+-]\d\d:\d\d)$/.test(text.slice(10)) || text.length === 10
  const time = isTime ? Date.parse(hasZone ? text : `${text}Z`) : Number.NaN
  if (Number.isNaN(time)) throw fail('bad-usage', { expected: '--at 2026-01-31T12:00:00Z', actual: text.slice(0, 80) })
  return Math.floor(time / 1000)
}
