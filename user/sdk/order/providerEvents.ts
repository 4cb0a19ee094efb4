import { errorFromJson, type Hex, isAllodError, type OrderEvent, orderEventShape } from '@allod/protocol'
import type { Allod } from '../allod.ts'
import { fail } from '../errors.ts'
import { jsonLines } from '../wire/askJson.ts'
import { pause } from '../wire/pause.ts'

/** An event, or word that the line to the provider is down and will be tried again. */
export type Heard =
  | { readonly kind: 'event'; readonly event: OrderEvent }
  | { readonly kind: 'lost'; readonly code: string }

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 10_000

/**
 * What the provider tells of an order, from the first event on, each once and in order. Goes on after every lost connection
 * until `signal` or until the provider has told everything.
 */
export async function* providerEvents(
  { fetch }: Pick<Allod, 'fetch'>,
  { url, order, signal }: { readonly url: string; readonly order: Hex; readonly signal: AbortSignal },
): AsyncGenerator<Heard, void> {
  let after = -1
  let pauseMs = FIRST_PAUSE_MS
  while (!signal.aborted) {
    try {
      const response = await fetch(`${url}/orders/${order}/events?after=${after}&wait=1`, { redirect: 'error', signal })
      if (!response.ok) throw errorFromJson(await response.json().catch(() => null))
      for await (const line of jsonLines(response)) {
        const event = orderEventShape(line)
        if (event.order !== order || event.seq <= after)
          throw fail('bad-answer', { expected: `${order}, after ${after}`, actual: `${event.order}, ${event.seq}` })
        after = event.seq
        pauseMs = FIRST_PAUSE_MS
        yield { kind: 'event', event }
        if (event.event.phase === 'ended') return
      }
    } catch (error) {
      if (signal.aborted) return
      yield { kind: 'lost', code: isAllodError(error) ? error.code : 'sdk/unreachable' }
    }
    await pause(pauseMs, signal)
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)
  }
}
