import { type Hex, keeperId } from '@allod/protocol'
import type { Allod } from '../allod.ts'

/**
 * The address a keeper signs with, by the network's description or else the chain; null where neither knows the keeper. An id
 * commits to both keys, so nobody who is asked could name another one.
 */
export async function signerOfKeeper(
  { network, chain }: Pick<Allod, 'network' | 'chain'>,
  id: Hex,
): Promise<Hex | null> {
  const described = network.keepers.find(({ keys }) => keeperId(keys) === id)
  if (described !== undefined) return described.keys.address
  const { hpkeKey, signer } = await (await chain.latest()).keeper(id)
  return keeperId({ hpkeKey, address: signer }) === id ? signer : null
}
