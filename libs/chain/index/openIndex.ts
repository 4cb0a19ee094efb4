import { DatabaseSync } from 'node:sqlite'
import type { Transport } from 'viem'
import { endpointsOf } from '../read/endpoints.ts'
import type { Addresses } from '../types.ts'
import { type Queries, queries } from './queries.ts'
import { forgetAbove, prepareTables } from './schema.ts'
import { inTransaction, sync } from './sync.ts'

export type IndexOptions = {
  /** The SQLite file, or `:memory:`. Everything in it can be made again from the chain. */
  readonly path: string
  readonly rpcUrls?: readonly string[]
  readonly transports?: readonly Transport[]
  readonly chainId: bigint
  readonly addresses: Addresses
  /** First block that can hold an event of these contracts. */
  readonly fromBlock: number
  /** Blocks per request, halved wherever an endpoint refuses; 2,000 unless told. */
  readonly chunk?: number
}

/** What the chain's logs say, in tables. One process writes a file at a time; nobody needs to trust it. */
export type ChainIndex = Queries & {
  /**
   * Reads on to the newest block, taking back first what a reorg undid.
   * @returns the block the tables stand at
   * @throws chain/wrong-chain, chain/rpc-disagree, chain/rpc-failed, chain/reorg
   */
  readonly sync: () => Promise<bigint>
  /** Empties the tables; the next sync fills them again. */
  readonly rebuild: () => void
  readonly close: () => void
}

/**
 * Opens an index of the market's logs.
 * @example
 * using index = openIndex({ path: 'index.db', rpcUrls, chainId, addresses, fromBlock })
 * await index.sync()
 * index.earnings(payee)
 */
export function openIndex({ path, fromBlock, chunk = 2000, ...options }: IndexOptions): ChainIndex & Disposable {
  const db = new DatabaseSync(path)
  prepareTables(db)
  const endpoints = endpointsOf(options)
  const { chainId, addresses } = options
  let running: Promise<bigint> | null = null
  return {
    ...queries(db),
    sync() {
      // One at a time; whoever asks meanwhile gets the same answer.
      running ??= sync(db, {
        endpoints,
        chainId,
        addresses,
        fromBlock: BigInt(fromBlock),
        chunk: BigInt(chunk),
      }).finally(() => {
        running = null
      })
      return running
    },
    rebuild: () => inTransaction(db, () => forgetAbove(db, -1n)),
    close: () => db.close(),
    [Symbol.dispose]: () => db.close(),
  }
}
