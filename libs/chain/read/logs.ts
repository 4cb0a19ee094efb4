import { allodDomain, type Hex, isAllodError, offerDigest, offerHash, recoverSigner } from '@allod/protocol'
import { type Abi, decodeEventLog } from 'viem'
import { offerOf } from '../convert.ts'
import type { PostedOffer } from '../types.ts'
import { agreed, type Endpoint } from './endpoints.ts'

/** A decoded log, in chain order. */
export type Log = {
  readonly name: string
  readonly args: { readonly [name: string]: unknown }
  readonly block: bigint
  readonly blockHash: Hex
  readonly transaction: Hex
  readonly index: number
}

/** A log as JSON-RPC gives it, as far as it is read. */
export type RpcLog = {
  readonly address: Hex
  readonly topics: readonly Hex[]
  readonly data: Hex
  readonly blockNumber: Hex
  readonly blockHash: Hex
  readonly transactionHash: Hex
  readonly logIndex: Hex
}

const CHUNK = 2000n

/** Logs of a contract in a range of blocks, both ends included, in chunks that endpoints accept. */
export async function logsBetween(
  endpoints: readonly Endpoint[],
  filter: {
    readonly address: Hex
    readonly topics: readonly (Hex | null)[]
    readonly fromBlock: bigint
    readonly toBlock: bigint
    readonly abi: Abi
  },
): Promise<readonly Log[]> {
  const last = filter.toBlock
  const found: Log[] = []
  for (let from = filter.fromBlock; from <= last; from += CHUNK) {
    const to = from + CHUNK - 1n < last ? from + CHUNK - 1n : last
    const range = {
      address: filter.address,
      topics: filter.topics,
      fromBlock: `0x${from.toString(16)}`,
      toBlock: `0x${to.toString(16)}`,
    }
    const logs = await agreed(endpoints, 'eth_getLogs', [range], logsOf)
    for (const log of logs) {
      const decoded = decodeLog(log, filter.abi)
      if (decoded !== null) found.push(decoded)
    }
  }
  return found
}

/** What two endpoints must agree on: some clients say more of a log than others, such as the time of its block. */
export const logsOf = (answer: unknown): readonly RpcLog[] =>
  (answer as readonly RpcLog[]).map(({ address, topics, data, blockNumber, blockHash, transactionHash, logIndex }) => ({
    address,
    topics,
    data,
    blockNumber,
    blockHash,
    transactionHash,
    logIndex,
  }))

/** A log decoded; null where the ABI has no such event. */
export function decodeLog(log: RpcLog, abi: Abi): Log | null {
  try {
    const { eventName, args } = decodeEventLog({ abi, topics: log.topics as [Hex, ...Hex[]], data: log.data })
    return {
      name: eventName ?? '',
      args: (args ?? {}) as unknown as { readonly [name: string]: unknown },
      block: BigInt(log.blockNumber),
      blockHash: log.blockHash,
      transaction: log.transactionHash,
      index: Number(log.logIndex),
    }
  } catch {
    return null
  }
}

/**
 * The offer of a Posted event. Posting checks nothing, so readers do: what has not the shape of an offer, or is not signed
 * by its owner, is no offer, and null.
 */
export function postedOf(log: Log, chainId: bigint, market: Hex): PostedOffer | null {
  const signature = log.args.signature as Hex
  try {
    const offer = offerOf(log.args.offer)
    const hash = offerHash(offer)
    if (hash !== log.args.offerHash) return null
    if (recoverSigner(offerDigest(allodDomain(chainId, market), offer), signature) !== offer.owner) return null
    const { block, transaction } = log
    return { hash, offer, signature, location: String(log.args.location), block, transaction }
  } catch (error) {
    if (isAllodError(error)) return null
    throw error
  }
}
