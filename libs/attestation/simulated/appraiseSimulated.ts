import type { Hex } from '@allod/protocol'
import type { Appraisal } from '../appraisal.ts'
import type { Bound } from '../bind.ts'
import { check } from '../check.ts'
import { commonChecks, conclude } from '../commonChecks.ts'
import type { CommonPolicy } from '../policy.ts'

/** A policy for a devnet: it accepts simulated evidence under one root, and nothing else. */
export type SimulatedPolicy = CommonPolicy & {
  readonly trust: 'simulated'
  /** The root's id, as object policies name it. */
  readonly root: Hex
  /** Accept environments without a sandbox; they say so in their evidence. */
  readonly isUnisolatedAllowed: boolean
}

/** Judges bound simulated evidence; as `appraise`, for a devnet. */
export function appraiseSimulated(bound: Bound, policy: SimulatedPolicy): Appraisal {
  const { cpu, devices } = bound.verified
  const isIsolated = cpu.isIsolated || policy.isUnisolatedAllowed
  return conclude(bound, [
    check('kind', 'kind-not-allowed', 'simulated', cpu.kind, cpu.kind === 'simulated', 'policy'),
    check('root', 'root-not-allowed', policy.root, cpu.root, cpu.root === policy.root, 'policy'),
    check('isolation', 'not-isolated', 'a sandbox', cpu.isIsolated ? 'a sandbox' : 'none', isIsolated, 'policy'),
    ...devices.flatMap((d, i) => [
      check(`device-${i}-kind`, 'kind-not-allowed', 'simulated-gpu', d.kind, d.kind === 'simulated-gpu', 'policy'),
      check(`device-${i}-root`, 'root-not-allowed', policy.root, d.root, d.root === policy.root, 'policy'),
    ]),
    ...commonChecks(bound, policy),
  ])
}
