import { unboundPolicy } from '@allod/attestation'
import { appraiseNras, verifyNras } from '@allod/attestation/hardware'
import { type EvidenceVerdict, refusalOf, refusedBy } from './evidenceVerdict.ts'
import type { FileOptions } from './verifyEvidenceFile.ts'

/**
 * Verifies and judges tokens of NVIDIA's attestation service on this device. The service's key set is collateral: keys live
 * for two days, so it must have been kept with the tokens.
 */
export async function verifyNrasFile(
  token: Uint8Array,
  { endorsements, nonce, policy, now }: Omit<FileOptions, 'reportData' | 'verifiers'>,
): Promise<EvidenceVerdict> {
  const unproved = [
    'what the device itself said: NVIDIA’s service judged, and this trusts its word',
    ...(nonce === null ? ['that the answer is fresh: no --nonce was given'] : []),
    'that a device sits in any particular machine: nothing here binds it to a CPU',
  ]
  try {
    const jwks = endorsements.find(isKeySet) ?? new Uint8Array()
    const tokens = await verifyNras(token, { jwks, now })
    const appraisal = appraiseNras(tokens, nonce, unboundPolicy(policy))
    const devices = tokens.devices.map((d) => ({ ...d, claims: Object.fromEntries(d.claims) }))
    return {
      isAccepted: appraisal.isAccepted,
      error: refusalOf(appraisal),
      kind: 'nras',
      status: 'NotStated',
      advisories: [],
      shortfall: [],
      claims: { ...tokens, devices },
      checks: appraisal.checks,
      validUntil: appraisal.validUntil,
      unproved,
    }
  } catch (error) {
    return refusedBy(error, 'nras', unproved)
  }
}

// JSON with keys, or the certificates of one key.
const isKeySet = (blob: Uint8Array): boolean => blob[0] === 0x7b
