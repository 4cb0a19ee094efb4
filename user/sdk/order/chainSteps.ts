import type { OrderLog, OrderOnChain } from '@allod/chain'
import type { Hex } from '@allod/protocol'
import type { Allod } from '../allod.ts'
import { pause } from '../wire/pause.ts'

/** What the chain shows of an order: its state, and what is new since the last look. */
export type ChainLook = {
  readonly state: OrderOnChain
  readonly fresh: readonly OrderLog[]
  /** Events shown before that a reorganisation took back. */
  readonly undone: readonly OrderLog[]
  /** Time of the block looked at, Unix seconds. */
  readonly time: number
}

/** Looks at an order on chain every so often, from now until `signal`. Errors end it. */
export async function* chainLooks(
  { chain }: Pick<Allod, 'chain'>,
  { order, everyMs, signal }: { readonly order: Hex; readonly everyMs: number; readonly signal: AbortSignal },
): AsyncGenerator<ChainLook, void> {
  let seen = new Map<string, OrderLog>()
  while (!signal.aborted) {
    const view = await chain.latest()
    const [state, events] = await Promise.all([view.order(order), view.orderEvents(order)])
    const now = new Map(events.map((e) => [`${e.blockHash}/${e.index}`, e]))
    const fresh = [...now].filter(([key]) => !seen.has(key)).map(([, e]) => e)
    const undone = [...seen].filter(([key]) => !now.has(key)).map(([, e]) => e)
    seen = now
    yield { state, fresh, undone, time: view.block.time }
    await pause(everyMs, signal)
  }
}
