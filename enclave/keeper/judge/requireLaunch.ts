import {
  type Admission,
  allodDomain,
  type Hex,
  isAllodError,
  launchType,
  requireSigner,
  typedDigest,
} from '@allod/protocol'
import type { ProviderSeen } from '../chain/ChainFacts.ts'
import { fail } from '../errors.ts'

/**
 * The provider that was paid says that it launched this enclave, and the chip is one of its registered machines: an
 * approved build on somebody else's machine gets no vote.
 * @throws keeper/launch-not-by-provider, keeper/machine-unregistered
 */
export function requireLaunch(
  { message, signature }: Admission['launch'],
  provider: ProviderSeen | null,
  { chainId, market, machine }: { readonly chainId: string; readonly market: Hex; readonly machine: Hex },
): void {
  if (provider === null) throw fail('launch-not-by-provider', { actual: 'the provider is not registered' })
  try {
    requireSigner(typedDigest(allodDomain(BigInt(chainId), market), launchType, message), signature, provider.key)
  } catch (cause) {
    const actual = isAllodError(cause, 'protocol/wrong-signer') ? cause.meta.actual : 'no signature'
    throw fail('launch-not-by-provider', { expected: provider.key, actual, cause })
  }
  if (!provider.machines.includes(machine)) throw fail('machine-unregistered', { actual: machine })
}
