import { appraiseSimulated, simulatedMeasurements, simulatedVerifiers } from '@allod/attestation/simulated'
import { fail } from '../errors.ts'
import type { Network } from '../network/network.ts'
import type { Trust } from '../verify/trust.ts'

/**
 * Trust in a devnet's simulated chip, under the one root that its description names; in environments without a sandbox, which
 * say so in their evidence, only where it was brought up without.
 * @throws sdk/unsafe-network for any network that is not a devnet
 */
export function devnetTrust({ devnet, trust, name }: Pick<Network, 'devnet' | 'trust' | 'name'>): Trust {
  const { simulatedRoot: root, isUnisolatedAllowed } = trust
  if (!devnet || root === null)
    throw fail('unsafe-network', { expected: 'a devnet with a simulated root', actual: name })
  return {
    isHardware: false,
    verifiers: simulatedVerifiers([root]),
    appraise: (bound, policy) => appraiseSimulated(bound, { ...policy, trust: 'simulated', root, isUnisolatedAllowed }),
    measurements: simulatedMeasurements,
  }
}
