import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { openIndex } from '@allod/chain/index'
import type { Hex } from '@allod/protocol'
import type { LocalNetwork } from './readNetwork.ts'

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const DAMAGED = [11, 26]

/**
 * Every order of the network, oldest first, from an index of the chain's logs beside the network's description: only what is
 * new is read. Made again from the chain where it is missing or damaged; null where another process is writing it just now.
 * @throws chain/wrong-chain, chain/rpc-disagree, chain/rpc-failed
 */
export async function indexedOrders(local: LocalNetwork): Promise<readonly Hex[] | null> {
  const path = join(local.folder, 'index.db')
  try {
    return await ordersIn(path, local).catch((error: unknown) => {
      if (!isDamaged(error)) throw error
      // Nothing in it is anybody's only copy.
      for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
      return ordersIn(path, local)
    })
  } catch (error) {
    if (/database is locked|busy/i.test(String(error))) return null
    throw error
  }
}

async function ordersIn(path: string, { network }: LocalNetwork): Promise<readonly Hex[]> {
  const { rpcUrls, addresses, fromBlock } = network
  using index = openIndex({ path, rpcUrls, chainId: BigInt(network.chainId), addresses, fromBlock })
  await index.sync()
  return index.orderIds()
}

// The low byte is the kind; what is above says where it was noticed.
const isDamaged = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && DAMAGED.includes(Number(error.errcode) & 0xff)
