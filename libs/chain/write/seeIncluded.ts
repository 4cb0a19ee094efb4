import type { PublicClient, TransactionReceipt } from 'viem'
import { raised } from './fees.ts'
import { keepSent } from './keepSent.ts'
import type { Call, Try } from './newCall.ts'
import { receiptOf } from './receiptOf.ts'

export type Times = {
  /** How long to wait for a block to include a transaction. */
  readonly includedWithinMs: number
  /** How often to look meanwhile whether the chain forgot it. */
  readonly lookEveryMs: number
  /** How often to offer more for it. */
  readonly raiseEveryMs: number
}

const RAISES = 8

type Reader = Pick<
  PublicClient,
  'estimateFeesPerGas' | 'getBlockNumber' | 'getTransactionCount' | 'getTransactionReceipt' | 'sendRawTransaction'
>

/**
 * Sees a call that was sent into a block: sent again where the chain forgot it, and replaced at its own nonce by the same call
 * for a higher price where it stays out. Whichever of these is included, the others never can be.
 */
export async function seeIncluded(reader: Reader, call: Call, first: Try, times: Times): Promise<TransactionReceipt> {
  const newest = (): Try => call.tries.at(-1) ?? first
  const kept = keepSent(reader, { ...call, signed: () => newest().signed }, times.lookEveryMs)
  let [raises, isRaising] = [0, false]
  const raise = async (): Promise<void> => {
    if (isRaising || raises >= RAISES) return
    isRaising = true
    try {
      const next = await reader.getTransactionCount({ address: call.account, blockTag: 'latest' })
      const fees = next === call.nonce ? raised(newest().fees, await reader.estimateFeesPerGas()) : null
      if (fees === null) return
      raises++
      const { signed } = await call.sign(fees)
      await reader.sendRawTransaction({ serializedTransaction: signed })
    } catch {
      // An endpoint that did not take this one is offered more the next time.
    } finally {
      isRaising = false
    }
  }
  const raising = setInterval(() => void raise(), times.raiseEveryMs)
  const over = new AbortController()
  const hashes = () => call.tries.map((t) => t.hash)
  const included = receiptOf(reader, hashes, { withinMs: times.includedWithinMs, signal: over.signal })
  try {
    return await Promise.race([included, kept.lost])
  } finally {
    // What is still under way then was answered by the other.
    included.catch(() => undefined)
    over.abort()
    clearInterval(raising)
    kept.stop()
  }
}
