import { existsSync, readFileSync } from 'node:fs'
import { rpc } from './rpc.ts'

type Block = { readonly number: string; readonly transactions: readonly string[] }

/**
 * Makes a block per second only while someone waits: for a transaction to become final, or for time to pass in an order
 * that is open or running.
 */
export class Miner {
  readonly #url: string
  readonly #waitFile: string
  #lastBusy = 0

  /** @param waitFile holds `{"liveUntil": unix seconds}`, renewed by whoever waits for time */
  constructor(url: string, waitFile: string) {
    this.#url = url
    this.#waitFile = waitFile
  }

  async tick(): Promise<void> {
    const latest = await this.#block('latest')
    if (latest.transactions.length > 0) this.#lastBusy = Number(latest.number)
    const final = await this.#block('finalized')
    const waitsForFinality = Number(final.number) < this.#lastBusy
    if (waitsForFinality || this.#someoneWaitsForTime()) await rpc(this.#url, 'evm_mine')
  }

  #someoneWaitsForTime(): boolean {
    if (!existsSync(this.#waitFile)) return false
    try {
      return Number(JSON.parse(readFileSync(this.#waitFile, 'utf8')).liveUntil) > Date.now() / 1000
    } catch {
      return false
    }
  }

  #block(tag: string): Promise<Block> {
    return rpc<Block>(this.#url, 'eth_getBlockByNumber', [tag, false])
  }
}
