import type { Appraisal, Check } from './appraisal.ts'
import type { Bound } from './bind.ts'
import { check, listed } from './check.ts'
import { commonChecks, conclude, unboundChecks } from './commonChecks.ts'
import { deviceSetChecks } from './deviceSetChecks.ts'
import { nvidiaChecks } from './nvidia/nvidiaChecks.ts'
import type { HardwarePolicy, ProductionPolicy, UnboundPolicy } from './policy.ts'
import { sevSnpChecks } from './sevsnp/sevSnpChecks.ts'
import { tdxChecks } from './tdx/tdxChecks.ts'
import type { Unbound } from './unbound.ts'
import type { VerifiedCpu, VerifiedDevice } from './verified.ts'

export {
  type Appraisal,
  type Check,
  type Exception,
  exceptions,
  type Refusal,
  refusedChecks,
  requireAccepted,
} from './appraisal.ts'

/**
 * Judges verified evidence under a policy for hardware. Pure and default deny: the result lists every check, and one that
 * is not a pass refuses, unless it is unknown and the policy names it as an exception.
 * @param evidence bound to Allod's facts, or unbound as its maker's own file, under a policy made for that
 */
export function appraise(evidence: Bound, policy: ProductionPolicy): Appraisal
export function appraise(evidence: Unbound, policy: UnboundPolicy): Appraisal
export function appraise(evidence: Bound | Unbound, policy: ProductionPolicy | UnboundPolicy): Appraisal {
  const { cpu, devices } = evidence.verified
  const checks = [
    ...(cpu === null ? [] : cpuChecks(cpu, policy)),
    ...devices.flatMap((device, i) => deviceChecks(device, `device-${i}`, policy)),
    ...deviceSetChecks(devices, policy),
    ...('facts' in evidence
      ? commonChecks(evidence, policy as ProductionPolicy)
      : unboundChecks(evidence, policy as UnboundPolicy)),
  ]
  return conclude(evidence, checks, policy.exceptions)
}

function cpuChecks(cpu: VerifiedCpu, policy: HardwarePolicy): Check[] {
  return [
    listed('kind', 'kind-not-allowed', policy.kinds, cpu.kind),
    // Never the caller's choice: a policy for hardware accepts what a hardware vendor's root vouches for.
    check('hardware', 'not-hardware', 'hardware', String(cpu.isHardware), cpu.isHardware === true, 'evidence'),
    ...cpu.findings,
    ...(cpu.claims.kind === 'tdx' ? tdxChecks(cpu.claims, policy.tdx) : []),
    ...(cpu.claims.kind === 'sevsnp' ? sevSnpChecks(cpu.claims, policy.sevsnp) : []),
  ]
}

function deviceChecks(device: VerifiedDevice, name: string, policy: HardwarePolicy): Check[] {
  const { claims, findings, isHardware, kind } = device
  const own = claims.kind === 'simulated-gpu' ? [] : nvidiaChecks(claims, policy.nvidia)
  return [
    check(`${name}-hardware`, 'not-hardware', 'hardware', kind, isHardware === true, 'evidence'),
    ...[...findings, ...own].map((c) => ({ ...c, name: `${name}-${c.name}` })),
  ]
}
