import type { BlockSeen, Hex } from '@allod/protocol'
import { fail } from '../errors.ts'
import { agreed, type Endpoint, type RpcBlock, requireSame } from './endpoints.ts'

/** A block with its parent's hash. */
export type LinkedBlock = BlockSeen & { readonly parentHash: Hex }

const GET_BLOCK = 'eth_getBlockByNumber'

/** Refuses endpoints of another chain. @throws chain/wrong-chain */
export async function requireChain(endpoints: readonly Endpoint[], chainId: bigint): Promise<void> {
  for (const endpoint of endpoints) {
    const actual = BigInt((await endpoint.request('eth_chainId', [])) as Hex)
    if (actual !== chainId) throw fail('wrong-chain', { expected: chainId, actual, meta: { endpoint: endpoint.name } })
  }
}

/**
 * The newest block that every endpoint has, `depth` below the lowest of their heads.
 * @throws chain/rpc-disagree, chain/reorg
 */
export async function commonBlock(
  endpoints: readonly Endpoint[],
  tag: 'latest' | 'finalized',
  depth = 0,
): Promise<LinkedBlock> {
  const heads = await Promise.all(
    endpoints.map(async (e) => {
      const block = (await e.request(GET_BLOCK, [tag, false])) as RpcBlock | null
      if (block === null) throw fail('rpc-failed', { expected: tag, meta: { endpoint: e.name } })
      return linked(block)
    }),
  )
  const numbers = heads.map(({ number }) => BigInt(number))
  const lowest = numbers.reduce((a, b) => (a < b ? a : b))
  // Where all are at one number, each has said already what it holds there.
  if (depth === 0 && numbers.every((number) => number === lowest)) return requireSame(endpoints, GET_BLOCK, heads)
  const wanted = lowest - BigInt(depth)
  return blockAt(endpoints, wanted < 0n ? 0n : wanted)
}

/** The block of a number, as every endpoint has it. @throws chain/rpc-disagree, chain/reorg where there is none */
export const blockAt = (endpoints: readonly Endpoint[], number: bigint): Promise<LinkedBlock> =>
  agreed(endpoints, GET_BLOCK, [`0x${number.toString(16)}`, false], (answer) => {
    const block = answer as RpcBlock | null
    if (block === null) throw fail('reorg', { expected: number })
    return { ...linked(block), number: number.toString() }
  })

const linked = ({ number, hash, timestamp, parentHash }: RpcBlock): LinkedBlock => ({
  number: BigInt(number).toString(),
  hash,
  time: Number(timestamp),
  parentHash,
})
