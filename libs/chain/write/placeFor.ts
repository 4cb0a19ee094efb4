import type { Hex } from '@allod/protocol'
import type { PublicClient } from 'viem'
import { type Fees, overUnknown, raised } from './fees.ts'

/** A nonce, what may be offered for it, one after the other until an endpoint takes it, and whether another call is to make room. */
export type Place = { readonly nonce: number; readonly offers: readonly Fees[]; readonly isReplacing: boolean }

/** A transaction of ours that nobody saw in a block, and what it offered at last. */
export type Left = { readonly nonce: number; readonly fees: Fees }

const LOOK_MS = 250

/**
 * Where an account's next transaction goes. One of ours that was given up is replaced at once. What somebody else left, a
 * process that died say, gets `patienceMs` to get into a block; if nothing of the account moved by then, the first of it is
 * replaced, since all that comes after it would wait as long as it does.
 */
export async function placeFor(
  reader: Pick<PublicClient, 'getTransactionCount' | 'estimateFeesPerGas'>,
  address: Hex,
  { left, patienceMs }: { readonly left: Left | null; readonly patienceMs: number },
): Promise<Place> {
  const counts = (): Promise<readonly [number, number]> =>
    Promise.all([
      reader.getTransactionCount({ address, blockTag: 'latest' }),
      reader.getTransactionCount({ address, blockTag: 'pending' }),
    ])
  const [first, known] = await counts()
  let [done, all] = [first, known]
  const until = performance.now() + patienceMs
  while (done < all && done !== left?.nonce && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_MS, patienceMs)))
    const next = await counts()
    done = next[0]
    all = next[1]
  }
  const now = await reader.estimateFeesPerGas()
  const isReplacing = done < all && (done === left?.nonce || done === first)
  if (done === left?.nonce) return { nonce: done, offers: [raised(left.fees, now) ?? now], isReplacing }
  if (isReplacing) return { nonce: done, offers: overUnknown(now), isReplacing }
  return { nonce: Math.max(done, all), offers: [now], isReplacing }
}
