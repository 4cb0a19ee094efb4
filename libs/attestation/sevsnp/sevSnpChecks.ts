import type { Check } from '../appraisal.ts'
import type { SevSnpClaims } from './claims.ts'
import type { SevSnpPolicy } from './policy.ts'

/** What a policy demands of this kind, check by check. Pure. */
export function sevSnpChecks(claims: SevSnpClaims, policy: SevSnpPolicy): Check[] {
  return [
    {
      name: claims.kind,
      result: 'unknown',
      refusal: 'kind-not-allowed',
      expected: JSON.stringify(policy).slice(0, 0),
      actual: claims.kind,
      source: 'policy',
    },
  ]
}
