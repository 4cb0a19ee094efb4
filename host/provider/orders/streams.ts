import type { Hex } from '@allod/protocol'

/** How many streams there may be. */
export type MaxStreams = { readonly inAll: number; readonly perOrder: number }

const MAX_STREAMS: MaxStreams = { inAll: 256, perOrder: 16 }

/**
 * Streams of orders, so many at the same time and no more. The one that was opened first gives way to a new one: anybody can
 * read an order's id on chain, so were the new one refused, strangers could keep a buyer out for good. Whose stream ended
 * comes back and asks for what is new.
 */
export function streams(
  max: MaxStreams = MAX_STREAMS,
): <T>(order: Hex, signal: AbortSignal, open: (signal: AbortSignal) => AsyncIterable<T>) => AsyncGenerator<T, void> {
  /** Those under way, the first opened first. */
  const underWay = new Map<AbortController, Hex>()
  return async function* (order, signal, open) {
    const siblings = [...underWay].filter(([, of]) => of === order)
    const first = siblings.length >= max.perOrder ? siblings[0] : underWay.size >= max.inAll ? [...underWay][0] : null
    if (first) {
      first[0].abort()
      underWay.delete(first[0])
    }
    const mine = new AbortController()
    underWay.set(mine, order)
    try {
      yield* open(AbortSignal.any([signal, mine.signal]))
    } finally {
      underWay.delete(mine)
    }
  }
}
