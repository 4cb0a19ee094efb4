import {
  type Addresses,
  assetsAbi,
  catalogAbi,
  decodeLog,
  marketAbi,
  type OrderLog,
  registryAbi,
  trustAbi,
} from '@allod/chain'
import type { Hex } from '@allod/protocol'
import type { Network } from '@allod/sdk'

/** Every log of the network's contracts and of its token, as the chain gave them, since they were deployed. */
export type ChainDump = { readonly logs: readonly DumpedLog[] }

export type DumpedLog = {
  readonly address: Hex
  readonly topics: readonly Hex[]
  readonly data: Hex
  readonly blockNumber: Hex
  readonly blockHash: Hex
  readonly transactionHash: Hex
  readonly logIndex: Hex
  /** Unix seconds of its block. */
  readonly time: number
}

/** A log in words. */
export type StoryLog = OrderLog & { readonly contract: keyof Addresses; readonly time: number }

const tokenAbi = [
  {
    type: 'event',
    name: 'Transfer',
    inputs: [
      { name: 'from', type: 'address', indexed: true },
      { name: 'to', type: 'address', indexed: true },
      { name: 'amount', type: 'uint256', indexed: false },
    ],
  },
  {
    type: 'event',
    name: 'Approval',
    inputs: [
      { name: 'owner', type: 'address', indexed: true },
      { name: 'spender', type: 'address', indexed: true },
      { name: 'amount', type: 'uint256', indexed: false },
    ],
  },
] as const

const abis = {
  token: tokenAbi,
  catalog: catalogAbi,
  assets: assetsAbi,
  registry: registryAbi,
  trust: trustAbi,
  market: marketAbi,
} as const

const CHUNK_BLOCKS = 2000

/** Reads every log from the network's first endpoint. */
export async function dumpChain({ rpcUrls, addresses, fromBlock }: Network): Promise<ChainDump> {
  const rpc = async <T>(method: string, ...params: readonly unknown[]): Promise<T> => {
    const response = await fetch(rpcUrls[0] as string, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      signal: AbortSignal.timeout(30_000),
    })
    const { result, error } = (await response.json()) as { readonly result?: T; readonly error?: unknown }
    if (result === undefined) throw new Error(`${method}: ${JSON.stringify(error)}`)
    return result
  }
  const head = Number(await rpc<Hex>('eth_blockNumber'))
  const found: Omit<DumpedLog, 'time'>[] = []
  for (let from = fromBlock; from <= head; from += CHUNK_BLOCKS) {
    const to = Math.min(from + CHUNK_BLOCKS - 1, head)
    const range = { address: Object.values(addresses), fromBlock: hexOf(from), toBlock: hexOf(to) }
    found.push(...(await rpc<readonly DumpedLog[]>('eth_getLogs', range)))
  }
  const times = new Map<Hex, number>()
  for (const block of new Set(found.map((log) => log.blockNumber)))
    times.set(block, Number((await rpc<{ readonly timestamp: Hex }>('eth_getBlockByNumber', block, false)).timestamp))
  return {
    logs: found.map(({ address, topics, data, blockNumber, blockHash, transactionHash, logIndex }) => ({
      ...{ address, topics, data, blockNumber, blockHash, transactionHash, logIndex },
      time: times.get(blockNumber) ?? 0,
    })),
  }
}

const hexOf = (value: number): Hex => `0x${value.toString(16)}`

/** A dump in words. Throws for a log that none of these contracts writes. */
export function readDump({ logs }: ChainDump, addresses: Addresses): readonly StoryLog[] {
  const contracts = Object.entries(addresses) as readonly (readonly [keyof Addresses, Hex])[]
  return logs.map((log) => {
    const contract = contracts.find(([, address]) => address === log.address.toLowerCase())?.[0]
    const decoded = contract === undefined ? null : decodeLog(log, abis[contract])
    if (contract === undefined || decoded === null)
      throw new Error(`a log of no contract of ours: ${log.transactionHash}`)
    return { ...decoded, contract, time: log.time }
  })
}
