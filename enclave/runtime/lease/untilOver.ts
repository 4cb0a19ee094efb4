import { setTimeout as delay } from 'node:timers/promises'
import type { OpenOrder } from '../OpenOrder.ts'

/** The last renewal comes this long before the end of the term, so that it lies within. */
const BEFORE_END_MS = 2000
/** First asked so long before what is known as the end, so that there is time to ask again. */
const EARLY_MS = 30_000
const AGAIN_MS = 500
/** The longest that a timer waits. */
const MAX_DELAY_MS = 2 ** 31 - 1

/**
 * Waits until the order is over: its term ends, by the keepers' clocks, or the host says that it was ended. What runs on after
 * that nobody pays. A term may be extended until its end: the beats just before it are when keepers say where the end lies by
 * now, and one that fails is made again until then. Where all of them stay silent it stops: nobody attests time after it.
 * @param signal that nobody waits any more
 */
export async function untilOver({ lease, inbound }: Pick<OpenOrder, 'lease' | 'inbound'>, signal: AbortSignal) {
  const either = AbortSignal.any([signal, inbound.ended])
  for (let isHeard = true; !either.aborted; ) {
    const leftMs = lease.leftMs()
    const waitMs = leftMs > EARLY_MS ? leftMs - EARLY_MS : isHeard ? leftMs - BEFORE_END_MS : Math.min(leftMs, AGAIN_MS)
    await delay(Math.min(Math.max(0, waitMs), MAX_DELAY_MS), undefined, { signal: either }).catch(() => undefined)
    if (either.aborted) return
    isHeard = await lease.beat().then(
      () => true,
      () => false,
    )
    if (lease.leftMs() <= (isHeard ? BEFORE_END_MS : 0)) return
  }
}
