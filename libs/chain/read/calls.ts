import type { BlockSeen, Hex } from '@allod/protocol'
import {
  type Abi,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionReturnType,
  decodeEventLog,
  decodeFunctionResult,
  encodeFunctionData,
} from 'viem'
import { agreed, type Endpoint } from './endpoints.ts'

/** Calls a contract's view at a block, by the block's hash, which must still be part of the chain. */
export type Call = <const A extends Abi, F extends ContractFunctionName<A, 'view' | 'pure'>>(
  address: Hex,
  abi: A,
  functionName: F,
  args: ContractFunctionArgs<A, 'view' | 'pure', F>,
) => Promise<ContractFunctionReturnType<A, 'view' | 'pure', F>>

/** @throws chain/rpc-disagree, chain/reorg, chain/call-reverted, chain/rpc-failed from what it returns */
export const callAt =
  (endpoints: readonly Endpoint[], block: BlockSeen): Call =>
  async (address, abi, functionName, args) => {
    const data = encodeFunctionData({ abi, functionName, args } as Parameters<typeof encodeFunctionData>[0])
    const at = { blockHash: block.hash, requireCanonical: true }
    const result = await agreed(endpoints, 'eth_call', [{ to: address, data }, at], (answer) => answer as Hex)
    return decodeFunctionResult({ abi, functionName, data: result } as Parameters<
      typeof decodeFunctionResult
    >[0]) as never
  }

/** A decoded log, in chain order. */
export type Log = {
  readonly name: string
  readonly args: { readonly [name: string]: unknown }
  readonly block: bigint
  readonly blockHash: Hex
  readonly transaction: Hex
  readonly index: number
}

type RpcLog = {
  readonly topics: readonly Hex[]
  readonly data: Hex
  readonly blockNumber: Hex
  readonly blockHash: Hex
  readonly transactionHash: Hex
  readonly logIndex: Hex
  readonly removed?: boolean
}

const CHUNK = 2000n

/** Logs of a contract from `fromBlock` to the block, in chunks that endpoints accept. */
export async function logsUpTo(
  endpoints: readonly Endpoint[],
  block: BlockSeen,
  filter: {
    readonly address: Hex
    readonly topics: readonly (Hex | null)[]
    readonly fromBlock: bigint
    readonly abi: Abi
  },
): Promise<readonly Log[]> {
  const last = BigInt(block.number)
  const found: Log[] = []
  for (let from = filter.fromBlock; from <= last; from += CHUNK) {
    const to = from + CHUNK - 1n < last ? from + CHUNK - 1n : last
    const range = {
      address: filter.address,
      topics: filter.topics,
      fromBlock: `0x${from.toString(16)}`,
      toBlock: `0x${to.toString(16)}`,
    }
    const logs = await agreed(endpoints, 'eth_getLogs', [range], (answer) => (answer as readonly RpcLog[]).map(kept))
    for (const log of logs) found.push(decoded(log, filter.abi))
  }
  return found
}

const kept = ({ topics, data, blockNumber, blockHash, transactionHash, logIndex }: RpcLog): RpcLog => ({
  topics,
  data,
  blockNumber,
  blockHash,
  transactionHash,
  logIndex,
})

function decoded(log: RpcLog, abi: Abi): Log {
  const { eventName, args } = decodeEventLog({ abi, topics: log.topics as [Hex, ...Hex[]], data: log.data })
  return {
    name: eventName ?? '',
    args: (args ?? {}) as unknown as { readonly [name: string]: unknown },
    block: BigInt(log.blockNumber),
    blockHash: log.blockHash,
    transaction: log.transactionHash,
    index: Number(log.logIndex),
  }
}
