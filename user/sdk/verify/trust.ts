import {
  type Appraisal,
  appraise,
  type Bound,
  type CommonPolicy,
  strictHardware,
  type Verifier,
} from '@allod/attestation'
import { hardwareVerifiers } from '@allod/attestation/hardware'
import type { Hex } from '@allod/protocol'

/** Which chips this device believes, and how it judges what they say. */
export type Trust = {
  /** False for a simulated chip, which keeps no secret from the machine's owner; every surface must say so. */
  readonly isHardware: boolean
  readonly verifiers: readonly Verifier[]
  readonly appraise: (bound: Bound, policy: CommonPolicy) => Appraisal
  /** Launch measurement → build, as far as it follows from the builds alone. */
  readonly measurements: (builds: readonly Hex[]) => ReadonlyMap<Hex, Hex>
}

/** Chips by hardware vendors only, under the roots pinned in this release; simulated evidence is refused by name. */
export const hardwareTrust: Trust = {
  isHardware: true,
  verifiers: hardwareVerifiers(),
  appraise: (bound, policy) => appraise(bound, { ...policy, ...strictHardware }),
  // A launch measurement of hardware is the registry’s to name: it does not follow from a build’s digest.
  measurements: () => new Map(),
}
