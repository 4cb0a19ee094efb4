import type { BlockSeen, Hex } from '@allod/protocol'
import { agreed, endpointsOf } from '../read/endpoints.ts'

/**
 * True where the endpoint that an account sends through knows a transaction of it that does not show at a block yet.
 * @param at a block that was read before
 * @throws chain/rpc-failed, chain/reorg
 */
export async function isSending({
  rpcUrl,
  account,
  at,
}: {
  readonly rpcUrl: string
  readonly account: Hex
  readonly at: Pick<BlockSeen, 'hash'>
}): Promise<boolean> {
  const endpoints = endpointsOf({ rpcUrls: [rpcUrl] })
  const sentUpTo = (block: unknown): Promise<number> =>
    agreed(endpoints, 'eth_getTransactionCount', [account, block], Number)
  const [shown, all] = await Promise.all([
    sentUpTo({ blockHash: at.hash, requireCanonical: true }),
    sentUpTo('pending'),
  ])
  return all > shown
}
