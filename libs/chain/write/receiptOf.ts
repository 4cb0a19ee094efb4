import type { Hex } from '@allod/protocol'
import { type PublicClient, type TransactionReceipt, TransactionReceiptNotFoundError } from 'viem'

const POLL_MS = 100
/** An endpoint may name a block before it has its receipts: they are asked for again after so many looks without a new one. */
const LOOKS = 20

/**
 * The receipt of whichever of these transactions gets into a block; they share a nonce, so at most one does. More may be
 * added meanwhile. Throws when the time is over.
 */
export async function receiptOf(
  reader: Pick<PublicClient, 'getBlockNumber' | 'getTransactionReceipt'>,
  hashes: () => readonly Hex[],
  { withinMs, signal }: { readonly withinMs: number; readonly signal: AbortSignal },
): Promise<TransactionReceipt> {
  const until = performance.now() + withinMs
  let [seen, looks]: [bigint | null, number] = [null, 0]
  while (performance.now() < until && !signal.aborted) {
    try {
      const block = await reader.getBlockNumber({ cacheTime: 0 })
      if (block !== seen || ++looks >= LOOKS) {
        for (const hash of hashes().toReversed()) {
          const receipt = await reader.getTransactionReceipt({ hash }).catch(unlessNone)
          if (receipt !== null) return receipt
        }
        seen = block
        looks = 0
      }
    } catch {
      // An endpoint that is away for a moment is asked again.
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  throw new Error(`none of ${hashes().length} transactions got into a block within ${withinMs} ms`)
}

function unlessNone(error: unknown): null {
  if (error instanceof TransactionReceiptNotFoundError) return null
  throw error
}
