import { bind, evidenceShape, verify } from '@allod/attestation'
import { type Hex, isAllodError, type ReportPredicate } from '@allod/protocol'
import { fromAppraisal, type ProofCheck, unknown } from '../verify/proofCheck.ts'
import type { Trust } from '../verify/trust.ts'

const NONE: Hex = `0x${'00'.repeat(32)}`

/**
 * The attestation behind a report, judged as of the order's start with the endorsements in the file. Freshness is the
 * keepers' to judge: their votes name this very evidence.
 */
export async function evidenceChecks(predicate: ReportPredicate, trust: Trust): Promise<readonly ProofCheck[]> {
  const bundle = evidenceShape(predicate.evidence)
  const startedAt = predicate.facts[0]?.facts.startedAt ?? predicate.startedAt
  try {
    const verified = await verify(bundle, { verifiers: trust.verifiers, now: startedAt })
    const nonce = bundle.bound.nonces[0] ?? { id: NONE, nonce: NONE }
    const bound = await bind(verified, bundle.bound, { nonce, nonceValidUntil: startedAt, expected: { role: 'grant' } })
    const builds = [predicate.build]
    const { checks } = trust.appraise(bound, {
      minimumTcb: 0,
      gpus: 'any',
      minimumGpuFirmware: 0,
      machines: 'any',
      configs: 'any',
      builds,
      measurements: trust.measurements(builds),
    })
    return fromAppraisal(checks).filter((c) => c.name !== 'nonce')
  } catch (error) {
    if (!isAllodError(error)) throw error
    // A kind or a root this device does not know is no proof either way; evidence that does not hold is a refusal.
    const isForeign = error.code === 'attestation/unsupported-kind' || error.code === 'attestation/root-untrusted'
    const check = unknown('evidence', 'chip', 'evidence', 'evidence that verifies under a known root')
    return [{ ...check, result: isForeign ? 'unknown' : 'fail', actual: error.code }]
  }
}
