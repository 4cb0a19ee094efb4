import type { Appraisal } from './appraisal.ts'
import type { Bound } from './bind.ts'
import { check, commonChecks, conclude } from './commonChecks.ts'
import type { ProductionPolicy } from './policy.ts'

export { type Appraisal, type Check, type Refusal, requireAccepted } from './appraisal.ts'

/**
 * Judges bound evidence under a policy for hardware. Pure and default deny: the result lists every check, and one that is
 * not a pass refuses.
 */
export function appraise(bound: Bound, policy: ProductionPolicy): Appraisal {
  const { cpu, devices } = bound.verified
  const kinds: readonly string[] = policy.kinds
  return conclude(bound, [
    check('kind', 'kind-not-allowed', policy.kinds.join(' or '), cpu.kind, kinds.includes(cpu.kind), 'policy'),
    // Never the caller's choice: a policy for hardware accepts what a hardware vendor's root vouches for.
    check('hardware', 'not-hardware', 'hardware', String(cpu.isHardware), cpu.isHardware === true, 'evidence'),
    ...devices.map((d, i) =>
      check(`device-${i}-hardware`, 'not-hardware', 'hardware', d.kind, d.isHardware === true, 'evidence'),
    ),
    ...commonChecks(bound, policy),
  ])
}
