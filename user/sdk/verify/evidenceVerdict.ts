import {
  type Appraisal,
  appraise,
  type Check,
  type EvidencePolicy,
  requireAccepted,
  type TcbStatus,
  unboundPolicy,
  type VerifiedCpu,
  type VerifiedDevice,
} from '@allod/attestation'
import { type AllodError, type Hex, isAllodError } from '@allod/protocol'

/** What came of evidence from a file. */
export type EvidenceVerdict = {
  readonly isAccepted: boolean
  /** What ended verification, or the first check that refuses; null where accepted. */
  readonly error: AllodError | null
  readonly kind: string
  /** Of the CPU's platform, or of a lone device; null where verification did not get so far. */
  readonly status: TcbStatus | null
  readonly advisories: readonly string[]
  /** What is below the newest level and what the operator can do, a sentence each. */
  readonly shortfall: readonly string[]
  /** What was signed: one object for one part, a list for several. */
  readonly claims: unknown
  readonly checks: readonly Check[]
  /** Unix seconds. */
  readonly validUntil: number | null
  /** What this verdict does not show, a sentence each. */
  readonly unproved: readonly string[]
}

/** Evidence refused before it could be appraised. @throws whatever is no error of ours */
export function refusedBy(error: unknown, kind: string, unproved: readonly string[] = []): EvidenceVerdict {
  if (!isAllodError(error)) throw error
  return {
    isAccepted: false,
    error,
    kind,
    status: null,
    advisories: [],
    shortfall: [],
    claims: null,
    checks: [],
    validUntil: null,
    unproved,
  }
}

/** Judges verified parts that came without Allod's facts. */
export function judged(
  verified: { readonly cpu: VerifiedCpu | null; readonly devices: readonly VerifiedDevice[] },
  expected: { readonly reportData: Hex | null; readonly nonce: Hex | null },
  policy: EvidencePolicy,
): Omit<EvidenceVerdict, 'unproved'> {
  const { cpu, devices } = verified
  const appraisal = appraise({ verified, expected }, unboundPolicy(policy))
  const all = [...(cpu === null ? [] : [cpu]), ...devices]
  const platforms = all.map((v) => v.platform)
  const claims = all.map((v) => v.claims)
  return {
    isAccepted: appraisal.isAccepted,
    error: refusalOf(appraisal),
    kind: all[0]?.kind ?? 'none',
    status: platforms[0]?.status ?? null,
    advisories: [...new Set(platforms.flatMap((p) => p.advisories))],
    shortfall: [...new Set(platforms.flatMap((p) => p.shortfall))],
    claims: claims.length === 1 ? claims[0] : claims,
    checks: appraisal.checks,
    validUntil: appraisal.validUntil,
  }
}

/** The first refusal of an appraisal as an error; null where it accepts. */
export function refusalOf(appraisal: Appraisal): AllodError | null {
  try {
    requireAccepted(appraisal)
    return null
  } catch (error) {
    if (isAllodError(error)) return error
    throw error
  }
}
