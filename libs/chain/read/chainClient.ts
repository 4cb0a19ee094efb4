import type { BlockSeen, Hex } from '@allod/protocol'
import type { Transport } from 'viem'
import { fail } from '../errors.ts'
import type { Addresses, ChainClient, Finality, View } from '../types.ts'
import { commonBlock, requireChain } from './blocks.ts'
import { endpointsOf } from './endpoints.ts'
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
  const begin = (): Promise<void> => {
    checked ??= requireChain(endpoints, chainId).catch((error) => {
      checked = null
      throw error
    })
    return checked
  }
  const view = ({ number, hash, time }: BlockSeen): View =>
    viewAt(endpoints, addresses, { number, hash, time }, options)
  return {
    chainId,
    addresses,
    async latest() {
      await begin()
      const block = await commonBlock(endpoints, 'latest')
      requireFresh(block, options)
      return view(block)
    },
    async final() {
      await begin()
      // A stalled or eclipsed endpoint keeps answering with an old final block: its head tells.
      if (options.maxHeadAgeSeconds !== undefined) requireFresh(await commonBlock(endpoints, 'latest'), options)
      return view(
        finality.kind === 'finalized'
          ? await commonBlock(endpoints, 'finalized')
          : await commonBlock(endpoints, 'latest', finality.blocks),
      )
    },
  }
}

const none: Hex = `0x${'00'.repeat(20)}`

function requireFresh({ time }: BlockSeen, { maxHeadAgeSeconds, now = () => Date.now() / 1000 }: ChainOptions): void {
  if (maxHeadAgeSeconds !== undefined && now() - time > maxHeadAgeSeconds)
    throw fail('head-too-old', { expected: `at most ${maxHeadAgeSeconds} s`, actual: `${Math.floor(now() - time)} s` })
}
