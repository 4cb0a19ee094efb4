import type { DatabaseSync } from 'node:sqlite'
import { isAllodError } from '@allod/protocol'
import { assetsAbi, catalogAbi, marketAbi, registryAbi } from '../abi.ts'
import { fail } from '../errors.ts'
import { blockAt, commonBlock, type LinkedBlock, requireChain } from '../read/blocks.ts'
import { agreed, type Endpoint } from '../read/endpoints.ts'
import { decodeLog, logsOf } from '../read/logs.ts'
import type { Addresses } from '../types.ts'
import { ingest } from './ingest.ts'
import { forgetAbove } from './schema.ts'

export type SyncOptions = {
  readonly endpoints: readonly Endpoint[]
  readonly chainId: bigint
  readonly addresses: Addresses
  readonly fromBlock: bigint
  readonly chunk: bigint
}

const abi = [...assetsAbi, ...catalogAbi, ...marketAbi, ...registryAbi]
const ATTEMPTS = 10

/**
 * Brings the tables up to the newest block that every endpoint has. Blocks that are not part of the chain any more are
 * taken back first; another chain under the same file starts it anew.
 * @returns the block the tables stand at
 * @throws chain/wrong-chain, chain/rpc-disagree, chain/rpc-failed, chain/reorg where the chain never stands still
 */
export async function sync(db: DatabaseSync, options: SyncOptions): Promise<bigint> {
  const { endpoints } = options
  await requireChain(endpoints, options.chainId)
  await requireSameChain(db, options)
  const head = BigInt((await commonBlock(endpoints, 'latest')).number)
  let size = options.chunk
  for (let attempt = 0; attempt < ATTEMPTS; ) {
    const last = await lastCommon(db, options)
    if (last >= head) return last
    const to = last + size < head ? last + size : head
    try {
      // Nobody's fault where the chain moved underneath: look again at what is still common.
      if (!(await take(db, options, last, to))) attempt++
    } catch (error) {
      if (!isAllodError(error, 'chain/rpc-failed') || size === 1n) throw error
      size /= 2n
    }
  }
  throw fail('reorg', { actual: `the chain changed ${ATTEMPTS} times while it was read` })
}

/** Fetches the logs of (last, to] and writes them at once; false where the chain changed meanwhile. */
async function take(db: DatabaseSync, options: SyncOptions, last: bigint, to: bigint): Promise<boolean> {
  const { endpoints, addresses } = options
  const { assets, catalog, market, registry } = addresses
  const first = await blockAt(endpoints, last + 1n)
  if (!follows(db, first, last)) return false
  const end = await blockAt(endpoints, to)
  const range = {
    address: [assets, catalog, market, registry],
    fromBlock: hex(last + 1n),
    toBlock: hex(to),
  }
  const logs = await agreed(endpoints, 'eth_getLogs', [range], logsOf)
  // The last block's hash stands for all below it: unchanged, the logs between are of one chain.
  if ((await blockAt(endpoints, to)).hash !== end.hash || (await blockAt(endpoints, last + 1n)).hash !== first.hash)
    return false
  inTransaction(db, () => {
    const seen = db.prepare('INSERT OR REPLACE INTO blocks (number, hash) VALUES (?, ?)')
    for (const log of logs) {
      const decoded = decodeLog(log, abi)
      if (decoded === null) continue
      ingest(db, decoded, { chainId: options.chainId, market })
      seen.run(decoded.block, decoded.blockHash)
    }
    seen.run(to, end.hash)
  })
  return true
}

/** The newest block that the tables and the chain have in common; what the tables know above it is taken back. */
async function lastCommon(db: DatabaseSync, { endpoints, fromBlock }: SyncOptions): Promise<bigint> {
  const newest = db.prepare('SELECT number, hash FROM blocks ORDER BY number DESC LIMIT 1')
  newest.setReadBigInts(true)
  for (;;) {
    const row = newest.get() as { number: bigint; hash: string } | undefined
    if (row === undefined) return fromBlock - 1n
    const block = await blockAt(endpoints, row.number).catch((error) => {
      if (isAllodError(error, 'chain/reorg')) return null
      throw error
    })
    if (block?.hash === row.hash) return row.number
    inTransaction(db, () => forgetAbove(db, row.number - 1n))
  }
}

function follows(db: DatabaseSync, block: LinkedBlock, last: bigint): boolean {
  const row = db.prepare('SELECT hash FROM blocks WHERE number = ?').get(last) as { hash: string } | undefined
  return row === undefined || row.hash === block.parentHash
}

async function requireSameChain(db: DatabaseSync, { endpoints, chainId, addresses }: SyncOptions): Promise<void> {
  const genesis = await blockAt(endpoints, 0n)
  const identity = JSON.stringify([chainId.toString(), genesis.hash, addresses.market, addresses.catalog])
  const known = db.prepare("SELECT value FROM meta WHERE key = 'chain'").get() as { value: string } | undefined
  if (known?.value === identity) return
  inTransaction(db, () => {
    forgetAbove(db, -1n)
    db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('chain', ?)").run(identity)
  })
}

/** Runs `write` in one transaction, or not at all. */
export function inTransaction(db: DatabaseSync, write: () => void): void {
  db.exec('BEGIN IMMEDIATE')
  try {
    write()
    db.exec('COMMIT')
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}

const hex = (value: bigint): string => `0x${value.toString(16)}`
