import type { Shaped } from '@allod/protocol'
import type { nvidiaPolicyShape } from './nvidiaPolicyShape.ts'

/** What a policy demands of NVIDIA devices. */
export type NvidiaPolicy = Shaped<typeof nvidiaPolicyShape>

export const strictNvidia: NvidiaPolicy = {
  chips: null,
  minimumDriver: null,
  vbios: null,
  switches: null,
  onHold: 'refused',
}
