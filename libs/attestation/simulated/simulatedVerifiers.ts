import { errorsOf, type Hex } from '@allod/protocol'
import { type CpuVerifier, type DeviceVerifier, notStated, type Verifier } from '../verified.ts'
import { verifyEndorsement } from './endorsement.ts'
import { openGpuReport } from './gpuReport.ts'
import { simulatedMachine, simulatedRoot } from './measurement.ts'
import { openReport } from './report.ts'

const fail = errorsOf('attestation', {
  'endorsement-disagrees': [
    'evidence states another id or level than its endorsement',
    'refuse it: evidence and endorsement are of different devices or times',
  ],
})

/**
 * Verifiers of simulated evidence, CPU and GPU. What they return says `isHardware: false`, which no production policy
 * accepts.
 * @param roots root ids trusted, as `simulatedRoot` makes them
 */
export const simulatedVerifiers = (roots: readonly Hex[]): readonly Verifier[] => [cpu(roots), gpu(roots)]

const cpu = (roots: readonly Hex[]): CpuVerifier => ({
  cpu: 'simulated',
  async verify(evidence, endorsements, { now }) {
    const endorsement = await verifyEndorsement(endorsements, 'simulated-chip', { roots, now })
    const report = await openReport(evidence, endorsement.key)
    requireSame(endorsement, report.chipId, report.tcb)
    return {
      kind: 'simulated',
      isHardware: false,
      root: simulatedRoot(endorsement.root),
      measurement: report.measurement,
      configHash: report.configHash,
      reportData: report.reportData,
      isDebug: report.isDebug,
      tcb: report.tcb,
      machine: simulatedMachine(report.chipId),
      isIsolated: report.isIsolated,
      platform: notStated,
      findings: [],
      claims: { kind: 'simulated' },
      validUntil: endorsement.notAfter,
    }
  },
})

const gpu = (roots: readonly Hex[]): DeviceVerifier => ({
  device: 'simulated-gpu',
  async verify(evidence, endorsements, { now }) {
    const endorsement = await verifyEndorsement(endorsements, 'simulated-gpu', { roots, now })
    const report = await openGpuReport(evidence, endorsement.key)
    requireSame(endorsement, report.deviceId, report.firmware)
    return {
      kind: 'simulated-gpu',
      role: 'gpu',
      isHardware: false,
      root: simulatedRoot(endorsement.root),
      device: report.deviceId,
      nonce: report.nonce,
      isConfidential: report.isConfidential,
      isDebug: report.isDebug,
      firmware: report.firmware,
      platform: notStated,
      findings: [],
      claims: { kind: 'simulated-gpu' },
      validUntil: endorsement.notAfter,
    }
  },
})

function requireSame(endorsement: { readonly id: Hex; readonly level: number }, id: Hex, level: number): void {
  if (endorsement.id !== id || endorsement.level !== level)
    throw fail('endorsement-disagrees', {
      expected: { id: endorsement.id, level: endorsement.level },
      actual: { id, level },
    })
}
