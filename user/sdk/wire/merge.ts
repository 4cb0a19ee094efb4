import { within } from './within.ts'

/**
 * Several streams as one, in the order in which things happen. Ends when all have ended; the first error ends it.
 * @param options.idleMs how long nothing may happen; then `onIdle()` is thrown
 * @param options.isNews whether something happened: a look at what is as it was is none
 */
export async function* merge<T>(
  sources: readonly AsyncGenerator<T, void>[],
  {
    idleMs,
    onIdle,
    isNews,
  }: { readonly idleMs: number; readonly onIdle: () => Error; readonly isNews: (value: T) => boolean },
): AsyncGenerator<T, void> {
  type Turn = { readonly from: AsyncGenerator<T, void>; readonly result: IteratorResult<T, void> }
  const next = async (from: AsyncGenerator<T, void>): Promise<Turn> => ({ from, result: await from.next() })
  const step = (from: AsyncGenerator<T, void>): Promise<Turn> => {
    const turn = next(from)
    // It may fail while the reader is busy with an earlier turn; it is thrown when the reader comes back.
    turn.catch(() => undefined)
    return turn
  }
  const waiting = new Map(sources.map((s) => [s, step(s)]))
  let until = performance.now() + idleMs
  try {
    while (waiting.size > 0) {
      const { from, result } = await within(
        Math.max(0, until - performance.now()),
        Promise.race(waiting.values()),
        onIdle,
      )
      if (result.done) waiting.delete(from)
      else {
        waiting.set(from, step(from))
        yield result.value
        // The reader's own time is nobody's silence.
        if (isNews(result.value)) until = performance.now() + idleMs
      }
    }
  } finally {
    // Whoever still waits for the network ends by its own signal; nobody listens any more.
    for (const source of waiting.keys()) source.return().catch(() => undefined)
  }
}
