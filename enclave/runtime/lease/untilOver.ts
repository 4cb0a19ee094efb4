import { setTimeout as delay } from 'node:timers/promises'
import type { OpenOrder } from '../OpenOrder.ts'

/** The last renewal comes this long before the end of the term, so that it lies within. */
const BEFORE_END_MS = 2000
/** The longest that a timer waits. */
const MAX_DELAY_MS = 2 ** 31 - 1

/**
 * Waits until the order is over: its term ends, by the keepers' clocks, or the host says that it was ended. What runs on after
 * that nobody pays. A term may be extended until its end: the beat just before it is when keepers say where the end lies by now.
 * @param signal that nobody waits any more
 */
export async function untilOver({ lease, inbound }: Pick<OpenOrder, 'lease' | 'inbound'>, signal: AbortSignal) {
  const either = AbortSignal.any([signal, inbound.ended])
  while (!either.aborted) {
    const leftMs = Math.min(Math.max(0, lease.leftMs() - BEFORE_END_MS), MAX_DELAY_MS)
    await delay(leftMs, undefined, { signal: either }).catch(() => undefined)
    if (either.aborted) return
    await lease.beat().catch(() => undefined)
    if (lease.leftMs() <= BEFORE_END_MS) return
  }
}
