import type { Shaped } from '@allod/protocol'
import type { evidencePolicyShape } from './evidencePolicyShape.ts'
import { strictNvidia } from './nvidia/policy.ts'
import type { UnboundPolicy } from './policy.ts'
import { strictSevSnp } from './sevsnp/policy.ts'
import { strictTdx } from './tdx/policy.ts'

/** A policy as its file says it. */
export type EvidencePolicy = Shaped<typeof evidencePolicyShape>

/** The default of a reader that knows nothing yet: strict in every clause that needs no knowledge of the machine. */
export const strictEvidence: EvidencePolicy = {
  version: 1,
  kinds: ['tdx', 'sevsnp'],
  minimumTcb: 0,
  gpus: null,
  machines: null,
  configs: null,
  measurements: null,
  exceptions: [],
  tdx: strictTdx,
  sevsnp: strictSevSnp,
  nvidia: strictNvidia,
}

/** A policy's file as `appraise` takes it. */
export const unboundPolicy = ({ gpus, machines, configs, measurements, ...rest }: EvidencePolicy): UnboundPolicy => ({
  ...rest,
  gpus: gpus ?? 'any',
  minimumGpuFirmware: 0,
  machines: machines ?? 'any',
  configs: configs ?? 'any',
  measurements: measurements ?? 'any',
})
