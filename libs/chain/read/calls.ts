import type { BlockSeen, Hex } from '@allod/protocol'
import {
  type Abi,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionReturnType,
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
