import { join } from 'node:path'
import { openIndex } from '@allod/chain/index'
import type { Hex } from '@allod/protocol'
import type { LocalNetwork } from './readNetwork.ts'

/**
 * Every order of the network, oldest first, from an index of the chain's logs beside the network's description: only what is
 * new is read. Made again from the chain where it is missing; null where another process is writing it just now.
 * @throws chain/wrong-chain, chain/rpc-disagree, chain/rpc-failed
 */
export async function indexedOrders({ network, folder }: LocalNetwork): Promise<readonly Hex[] | null> {
  const { rpcUrls, addresses, fromBlock } = network
  const path = join(folder, 'index.db')
  try {
    using index = openIndex({ path, rpcUrls, chainId: BigInt(network.chainId), addresses, fromBlock })
    await index.sync()
    return index.orderIds()
  } catch (error) {
    if (/database is locked|busy/i.test(String(error))) return null
    throw error
  }
}
