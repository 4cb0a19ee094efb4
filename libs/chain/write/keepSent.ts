import type { Hex } from '@allod/protocol'
import type { PublicClient } from 'viem'

/** How many looks in a row must miss what came before: one may be answered by an endpoint that is behind. */
const LOOKS = 3

/**
 * Sends a signed transaction, the newest of its nonce, again for as long as its endpoint does not know it: a chain that was
 * brought back to an earlier block forgot it, and one nonce can be used only once. `lost` rejects where the account's earlier
 * transactions were forgotten too, so that this one can get into no block until they are made again.
 */
export function keepSent(
  reader: Pick<PublicClient, 'getTransactionCount' | 'sendRawTransaction'>,
  sent: { readonly account: Hex; readonly nonce: number; readonly signed: () => Hex },
  everyMs: number,
): { readonly lost: Promise<never>; readonly stop: () => void } {
  const { promise: lost, reject } = Promise.withResolvers<never>()
  // Whoever waits for something else meanwhile may never look at it.
  lost.catch(() => undefined)
  let misses = 0
  const look = async (): Promise<void> => {
    const next = await reader.getTransactionCount({ address: sent.account, blockTag: 'pending' })
    misses = next < sent.nonce ? misses + 1 : 0
    if (misses >= LOOKS) reject(new Error(`the account’s next transaction is ${next}, not ${sent.nonce}`))
    else if (next === sent.nonce) await reader.sendRawTransaction({ serializedTransaction: sent.signed() })
  }
  const timer = setInterval(() => void look().catch(() => undefined), everyMs)
  return { lost, stop: () => clearInterval(timer) }
}
