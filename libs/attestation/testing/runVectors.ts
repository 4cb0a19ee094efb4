import { type Hex, isAllodError } from '@allod/protocol'
import { type Check, refusedChecks, requireAccepted } from '../appraisal.ts'
import { appraise } from '../appraise.ts'
import { strictEvidence, unboundPolicy } from '../evidencePolicy.ts'
import { evidencePolicyShape } from '../evidencePolicyShape.ts'
import { appraiseNras } from '../nvidia/nras/appraiseNras.ts'
import type { NrasTokens } from '../nvidia/nras/claims.ts'
import type { UnboundPolicy } from '../policy.ts'
import type { At, VerifiedCpu, VerifiedDevice } from '../verified.ts'

/** Any part of an evidence policy, as deep as one likes; the rest is the strict default's. */
export type PartialPolicy = { readonly [field: string]: unknown }

/** One case: what comes in, and the one verdict it must get. */
export type VectorCase = {
  readonly name: string
  /** Where it differs from the file's. */
  readonly kind?: string
  /** A blob's name. */
  readonly evidence: string
  /** Blobs' names. */
  readonly endorsements: readonly string[]
  /** Unix seconds, where it differs from the file's. */
  readonly now?: number
  /** Laid over the strict default: `{ "exceptions": […], "tdx": { … } }`. */
  readonly policy?: PartialPolicy
  /** What the reader knows: the 64 bytes, the nonce. */
  readonly expected?: { readonly reportData?: Hex; readonly nonce?: Hex }
  /** `accepted`, or the code of the error or of the first refusal. */
  readonly expect: string
}

/** A committed file of hermetic vectors. */
export type VectorFile = {
  readonly kind: string
  /** Unix seconds. */
  readonly now: number
  /** Base64. */
  readonly blobs: { readonly [name: string]: string }
  /** Names of the blobs that are the test roots. */
  readonly roots: readonly string[]
  readonly cases: readonly VectorCase[]
}

/**
 * How a kind is verified: what it yields is appraised. A kind that stands for a part alone, as a manifest, yields its checks,
 * or none.
 */
export type VectorVerify = (
  evidence: Uint8Array,
  endorsements: readonly Uint8Array[],
  at: At,
) => Promise<VectorVerified>

type VectorVerified = VerifiedCpu | VerifiedDevice | NrasTokens | readonly Check[]

/** Makes the verification of one kind that trusts the roots given. */
export type VectorVerifier = (roots: readonly Uint8Array[]) => VectorVerify

/** What came of one case: `accepted`, a code, or `untyped: …` for an error that is none of ours. */
export type VectorOutcome = { readonly name: string; readonly expect: string; readonly outcome: string }

/**
 * Runs a file's cases through verify and appraise, in order. Uses nothing of Node, so that a browser runs the same.
 * @param verifiers by kind
 */
export async function runVectors(
  file: VectorFile,
  verifiers: { readonly [kind: string]: VectorVerifier },
): Promise<readonly VectorOutcome[]> {
  const blob = (name: string): Uint8Array => {
    const text = file.blobs[name]
    if (text === undefined) throw new Error(`no blob ${name}`)
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
  }
  const roots = file.roots.map(blob)
  const outcomes: VectorOutcome[] = []
  for (const one of file.cases) {
    const kind = one.kind ?? file.kind
    const verifier = verifiers[kind]
    if (!verifier) throw new Error(`no verifier of ${kind}`)
    const evidence = blob(one.evidence)
    const endorsements = one.endorsements.map(blob)
    const outcome = await outcomeOf(async () => {
      const verified = await verifier(roots)(evidence, endorsements, { now: one.now ?? file.now })
      requireGood(verified, policyOf(one.policy ?? {}), one.expected ?? {})
    })
    outcomes.push({ name: one.name, expect: one.expect, outcome })
  }
  return outcomes
}

/** The strict default with a case's parts laid over it. @throws protocol/bad-shape */
export const policyOf = (partial: PartialPolicy): UnboundPolicy =>
  unboundPolicy(evidencePolicyShape(laidOver(strictEvidence, partial)))

/** `accepted` where `work` ends well, the code of its error otherwise. */
export async function outcomeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
    return 'accepted'
  } catch (error) {
    return isAllodError(error) ? error.code : `untyped: ${String(error)}`
  }
}

function requireGood(
  verified: VectorVerified,
  policy: UnboundPolicy,
  expected: NonNullable<VectorCase['expected']>,
): void {
  const known = { reportData: expected.reportData ?? null, nonce: expected.nonce ?? null }
  if (isChecks(verified)) {
    const { exceptions } = policy
    const isAccepted = refusedChecks({ checks: verified, exceptions }).length === 0
    requireAccepted({ isAccepted, checks: verified, exceptions, validUntil: 0 })
    return
  }
  if (verified.kind === 'nras') {
    requireAccepted(appraiseNras(verified, known.nonce, policy))
    return
  }
  const parts = 'role' in verified ? { cpu: null, devices: [verified] } : { cpu: verified, devices: [] }
  requireAccepted(appraise({ verified: parts, expected: known }, policy))
}

const isChecks = (value: VectorVerified): value is readonly Check[] => Array.isArray(value)

function laidOver(base: unknown, over: unknown): unknown {
  if (!isPlain(base) || !isPlain(over)) return over
  const out: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) out[key] = laidOver(base[key], value)
  return out
}

const isPlain = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v)
