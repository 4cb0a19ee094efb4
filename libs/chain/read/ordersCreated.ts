import type { BlockSeen, Hex } from '@allod/protocol'
import { encodeEventTopics } from 'viem'
import { marketAbi } from '../abi.ts'
import type { ChainOptions } from './chainClient.ts'
import { endpointsOf } from './endpoints.ts'
import { logsBetween } from './logs.ts'

/**
 * Every order that a market has taken up to a block, oldest first, by their Created events.
 * @throws chain/rpc-disagree, chain/rpc-failed
 */
export async function ordersCreated(
  options: Pick<ChainOptions, 'rpcUrls' | 'transports' | 'addresses' | 'fromBlock'>,
  { number }: BlockSeen,
): Promise<readonly Hex[]> {
  const logs = await logsBetween(endpointsOf(options), {
    address: options.addresses.market,
    abi: marketAbi,
    topics: encodeEventTopics({ abi: marketAbi, eventName: 'Created' }) as Hex[],
    fromBlock: BigInt(options.fromBlock ?? 0),
    toBlock: BigInt(number),
  })
  return logs.map((log) => log.args.order as Hex)
}
