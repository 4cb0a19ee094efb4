import { hex, integer, list, nullable, oneOf, record } from '@allod/protocol'
import { exceptions } from './appraisal.ts'
import { nvidiaPolicyShape } from './nvidia/nvidiaPolicyShape.ts'
import { sevSnpPolicyShape } from './sevsnp/sevSnpPolicyShape.ts'
import { tdxPolicyShape } from './tdx/tdxPolicyShape.ts'

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
