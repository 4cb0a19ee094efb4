import { existsSync, readFileSync } from 'node:fs'
import { marketAbi } from '@allod/chain'
import { type Hex, toEventSelector } from 'viem'
import { rpc } from './rpc.ts'

type Block = { readonly number: Hex; readonly timestamp: Hex; readonly transactions: readonly string[] }
type Log = { readonly topics: readonly Hex[]; readonly blockNumber: Hex }

/** Time still passes for so long after an order ended: the windows of its report and of its lanes run out on chain. */
const LINGER_SECONDS = 120
/** An order that nobody ended is no reason to mine for ever. */
const LIVE_SECONDS = 24 * 3600

const [CREATED, ...OVER] = (['Created', 'Ended', 'Expired', 'Stopped'] as const).map((name) => {
  const event = marketAbi.find((item) => item.type === 'event' && item.name === name)
  if (event?.type !== 'event') throw new Error(`the market has no event ${name}`)
  return toEventSelector(event)
}) as [Hex, Hex, Hex, Hex]

/**
 * Makes a block per second only while someone waits: for a transaction to become final, or for time to pass in an order
 * that is open or running. Keepers refuse a chain whose head is old, so an order that trains for an hour needs blocks too.
 */
export class Miner {
  readonly #url: string
  readonly #marketFile: string
  readonly #liveUntil = new Map<Hex, number>()
  #market: string | null = null
  #lastBusy = 0
  #seenUpTo = -1

  /** @param marketFile holds the market's address, once there is one */
  constructor(url: string, marketFile: string) {
    this.#url = url
    this.#marketFile = marketFile
  }

  async tick(): Promise<void> {
    const latest = await this.#block('latest')
    if (latest.transactions.length > 0) this.#lastBusy = Number(latest.number)
    const final = await this.#block('finalized')
    await this.#watchOrders(latest)
    const waitsForFinality = Number(final.number) < this.#lastBusy
    if (waitsForFinality || this.#isOrderLive()) await rpc(this.#url, 'evm_mine')
  }

  #isOrderLive(): boolean {
    const now = Date.now() / 1000
    for (const [order, until] of this.#liveUntil) if (until < now) this.#liveUntil.delete(order)
    return this.#liveUntil.size > 0
  }

  async #watchOrders(latest: Block): Promise<void> {
    this.#market ??= existsSync(this.#marketFile) ? readFileSync(this.#marketFile, 'utf8').trim() : null
    const upTo = Number(latest.number)
    if (this.#market === null || upTo <= this.#seenUpTo) return
    const range = { fromBlock: `0x${(this.#seenUpTo + 1).toString(16)}`, toBlock: latest.number }
    const filter = { address: this.#market, ...range, topics: [[CREATED, ...OVER]] }
    const now = Date.now() / 1000
    for (const { topics } of await rpc<readonly Log[]>(this.#url, 'eth_getLogs', [filter])) {
      const [event, order] = topics
      if (order === undefined) continue
      this.#liveUntil.set(order, now + (event === CREATED ? LIVE_SECONDS : LINGER_SECONDS))
    }
    this.#seenUpTo = upTo
  }

  #block(tag: string): Promise<Block> {
    return rpc<Block>(this.#url, 'eth_getBlockByNumber', [tag, false])
  }
}
