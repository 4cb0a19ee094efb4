import { hex, integer, list, nullable, oneOf, record, type Shaped } from '@allod/protocol'
import { exceptions } from './appraisal.ts'
import { nvidiaPolicyShape, strictNvidia } from './nvidia/policy.ts'
import type { UnboundPolicy } from './policy.ts'
import { sevSnpPolicyShape, strictSevSnp } from './sevsnp/policy.ts'
import { strictTdx, tdxPolicyShape } from './tdx/policy.ts'

/**
 * A policy as a file: what `allod evidence verify --policy` reads. `null` does not compare. It has no field that could admit
 * simulated evidence or debugging.
 */
export const evidencePolicyShape = record({
  version: oneOf(1),
  kinds: list(oneOf('tdx', 'sevsnp'), 2, 1),
  minimumTcb: integer(),
  /** Exact number of GPUs. */
  gpus: nullable(integer(0, 64)),
  machines: nullable(list(hex(32), 256, 1)),
  configs: nullable(list(hex(32), 256, 1)),
  /** Launch measurements accepted. */
  measurements: nullable(list(hex(48), 256, 1)),
  exceptions: list(oneOf(...exceptions), exceptions.length),
  tdx: tdxPolicyShape,
  sevsnp: sevSnpPolicyShape,
  nvidia: nvidiaPolicyShape,
})

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
