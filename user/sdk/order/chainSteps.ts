import type { OrderLog, OrderOnChain } from '@allod/chain'
import { AllodError, type Hex } from '@allod/protocol'
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

/** The chain cannot be read now; it is tried again. */
export type ChainLost = { readonly kind: 'chain-lost'; readonly code: string }

/** What passes by itself: an endpoint that is down, a block that left the chain between two reads. */
const PASSING = ['chain/rpc-failed', 'chain/reorg']

/**
 * Looks at an order on chain every so often, from now until `signal`. Once the chain was read, an endpoint that goes down is
 * told once and waited for; other errors end it.
 */
export async function* chainLooks(
  { chain }: Pick<Allod, 'chain'>,
  { order, everyMs, signal }: { readonly order: Hex; readonly everyMs: number; readonly signal: AbortSignal },
): AsyncGenerator<ChainLook | ChainLost, void> {
  let seen: Map<string, OrderLog> | null = null
  let isLost = false
  const look = async () => {
    const view = await chain.latest()
    const [state, events] = await Promise.all([view.order(order), view.orderEvents(order)])
    return { view, state, events }
  }
  while (!signal.aborted) {
    const looked = await look().catch((error: unknown) => {
      if (seen === null || !(error instanceof AllodError) || !PASSING.includes(error.code)) throw error
      return error
    })
    if (looked instanceof AllodError) {
      if (!isLost) yield { kind: 'chain-lost', code: looked.code }
      isLost = true
      await pause(everyMs, signal)
      continue
    }
    isLost = false
    const { view, state, events } = looked
    const before = seen ?? new Map<string, OrderLog>()
    const now = new Map(events.map((e) => [`${e.blockHash}/${e.index}`, e]))
    const fresh = [...now].filter(([key]) => !before.has(key)).map(([, e]) => e)
    const undone = [...before].filter(([key]) => !now.has(key)).map(([, e]) => e)
    seen = now
    yield { state, fresh, undone, time: view.block.time }
    await pause(everyMs, signal)
  }
}
