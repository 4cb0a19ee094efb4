import type { BlockSeen, Hex } from '@allod/protocol'
import type { Transport } from 'viem'
import { fail } from '../errors.ts'
import type { Addresses, ChainClient, Finality, View } from '../types.ts'
import { agreed, type Endpoint, endpointsOf, type RpcBlock } from './endpoints.ts'
import { viewAt } from './viewAt.ts'

export type ChainOptions = {
  readonly rpcUrls?: readonly string[]
  /** Instead of URLs: viem transports, such as HTTP over an enclave's relay. */
  readonly transports?: readonly Transport[]
  readonly chainId: bigint
  readonly addresses: Addresses | Omit<Addresses, 'token' | 'catalog'>
  readonly finality: Finality
  /** First block that can hold an event of these contracts. */
  readonly fromBlock?: number
  /** Oldest newest block to accept, seconds before `now`; not asked unless told. */
  readonly maxHeadAgeSeconds?: number
  /** Unix seconds; this machine's clock unless told. */
  readonly now?: () => number
}

/**
 * The chain as its endpoints agree on it: every read is at one block, by its hash, and every endpoint must give the same
 * answer.
 * @throws chain/wrong-chain, chain/rpc-disagree, chain/rpc-failed, chain/head-too-old, chain/reorg from its reads
 */
export function chainClient(options: ChainOptions): ChainClient {
  const endpoints = endpointsOf(options)
  if (endpoints.length === 0) throw fail('rpc-failed', { expected: 'at least one endpoint' })
  const { chainId, finality } = options
  const addresses: Addresses = { token: none, catalog: none, ...options.addresses }
  let checked: Promise<void> | null = null
  const requireChain = (): Promise<void> => {
    checked ??= checkChain(endpoints, chainId).catch((error) => {
      checked = null
      throw error
    })
    return checked
  }
  const view = async (block: BlockSeen): Promise<View> => viewAt(endpoints, addresses, block, options)
  return {
    chainId,
    addresses,
    async latest() {
      await requireChain()
      const block = await commonBlock(endpoints, 'latest', 0)
      requireFresh(block, options)
      return view(block)
    },
    async final() {
      await requireChain()
      return view(
        finality.kind === 'finalized'
          ? await commonBlock(endpoints, 'finalized', 0)
          : await commonBlock(endpoints, 'latest', finality.blocks),
      )
    },
  }
}

const none: Hex = `0x${'00'.repeat(20)}`

async function checkChain(endpoints: readonly Endpoint[], chainId: bigint): Promise<void> {
  for (const endpoint of endpoints) {
    const actual = BigInt((await endpoint.request('eth_chainId', [])) as Hex)
    if (actual !== chainId) throw fail('wrong-chain', { expected: chainId, actual, meta: { endpoint: endpoint.name } })
  }
}

/** The newest block that every endpoint has, `depth` below the lowest of their heads. */
async function commonBlock(
  endpoints: readonly Endpoint[],
  tag: 'latest' | 'finalized',
  depth: number,
): Promise<BlockSeen> {
  const heads = await Promise.all(
    endpoints.map(async (e) => BigInt(((await e.request('eth_getBlockByNumber', [tag, false])) as RpcBlock).number)),
  )
  const lowest = heads.reduce((a, b) => (a < b ? a : b)) - BigInt(depth)
  const number = lowest < 0n ? 0n : lowest
  return agreed(endpoints, 'eth_getBlockByNumber', [`0x${number.toString(16)}`, false], (answer) => {
    const block = answer as RpcBlock | null
    if (block === null) throw fail('reorg', { expected: number })
    return { number: number.toString(), hash: block.hash, time: Number(block.timestamp) }
  })
}

function requireFresh({ time }: BlockSeen, { maxHeadAgeSeconds, now = () => Date.now() / 1000 }: ChainOptions): void {
  if (maxHeadAgeSeconds !== undefined && now() - time > maxHeadAgeSeconds)
    throw fail('head-too-old', { expected: `at most ${maxHeadAgeSeconds} s`, actual: `${Math.floor(now() - time)} s` })
}
