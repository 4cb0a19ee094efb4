import type { Hex } from '@allod/protocol'
import { type Appraisal, refusedChecks } from '../../appraisal.ts'
import type { UnboundPolicy } from '../../policy.ts'
import type { NrasTokens } from './claims.ts'
import { nrasChecks } from './nrasChecks.ts'

/**
 * Judges what NVIDIA's attestation service says that it judged: no device's own evidence, and no bundle holds it. Pure and
 * default deny, as `appraise` is.
 * @param nonce what the tokens must answer; null where the reader does not know
 */
export function appraiseNras(tokens: NrasTokens, nonce: Hex | null, policy: UnboundPolicy): Appraisal {
  const { exceptions } = policy
  const checks = nrasChecks(tokens, nonce, policy)
  const isAccepted = refusedChecks({ checks, exceptions }).length === 0
  return { isAccepted, checks, exceptions, validUntil: tokens.validUntil }
}
