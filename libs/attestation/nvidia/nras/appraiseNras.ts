import type { Hex } from '@allod/protocol'
import { type Appraisal, addUp } from '../../appraisal.ts'
import type { UnboundPolicy } from '../../policy.ts'
import type { NrasTokens } from './claims.ts'
import { nrasChecks } from './nrasChecks.ts'

/**
 * Judges what NVIDIA's attestation service says that it judged: no device's own evidence, and no bundle holds it. Pure and
 * default deny, as `appraise` is.
 * @param nonce what the tokens must answer; null where the reader does not know
 */
export const appraiseNras = (tokens: NrasTokens, nonce: Hex | null, policy: UnboundPolicy): Appraisal =>
  addUp(nrasChecks(tokens, nonce, policy), policy.exceptions, tokens.validUntil)
