import { type Bucket, MAX_CONTENT_BYTES, type Piece } from './chunks.ts'

/** Sending at fixed times instead of when there is something to send. */
export type Pace = {
  /** A chunk leaves every so often, empty where nothing waits, until the message ends. */
  readonly everyMs: number
  /** Size of every chunk, so that neither times nor sizes tell how fast tokens come. */
  readonly bucketBytes: Bucket
  /** Waits `ms`; the clock's unless told. */
  readonly sleep?: (ms: number) => Promise<void>
}

/** Cuts bytes that are all there into pieces, the last one marked. */
export async function* atOnce(bytes: Uint8Array): AsyncGenerator<Piece, void, undefined> {
  for (let at = 0; ; at += MAX_CONTENT_BYTES) {
    const isLast = at + MAX_CONTENT_BYTES >= bytes.length
    yield { bytes: bytes.subarray(at, at + MAX_CONTENT_BYTES), isLast }
    if (isLast) return
  }
}

/** Cuts a byte stream into pieces as they come, the last one marked; a piece never waits for the next. */
export async function* asTheyCome(source: AsyncIterable<Uint8Array>): AsyncGenerator<Piece, void, undefined> {
  for await (const bytes of source)
    for (let at = 0; at < bytes.length; at += MAX_CONTENT_BYTES)
      yield { bytes: bytes.subarray(at, at + MAX_CONTENT_BYTES), isLast: false }
  yield { bytes: new Uint8Array(), isLast: true }
}

/** Read ahead of the pace at most this much; then the source waits. */
const MAX_WAITING_BYTES = 64 * 1024

/** Cuts a byte stream into pieces of one size at fixed times. */
export async function* paced(
  source: AsyncIterable<Uint8Array>,
  { everyMs, bucketBytes, sleep = wait }: Pace,
): AsyncGenerator<Piece, void, undefined> {
  const waiting = new Waiting()
  const iterator = source[Symbol.asyncIterator]()
  const reading = waiting.fill(iterator)
  try {
    for (;;) {
      await sleep(everyMs)
      const bytes = waiting.take(bucketBytes - 4)
      const isLast = waiting.isOver()
      yield { bytes, isLast, bucketBytes }
      if (isLast) return
    }
  } finally {
    waiting.stop()
    await iterator.return?.()
    await reading
  }
}

class Waiting {
  #pieces: Uint8Array[] = []
  #bytes = 0
  #isEnded = false
  #isStopped = false
  #failure: { readonly cause: unknown } | null = null
  #roomMade: (() => void) | null = null

  async fill(source: AsyncIterator<Uint8Array>): Promise<void> {
    try {
      while (!this.#isStopped) {
        const { done, value } = await source.next()
        if (done) break
        this.#pieces.push(value)
        this.#bytes += value.length
        if (this.#bytes >= MAX_WAITING_BYTES && !this.#isStopped)
          await new Promise<void>((resolve) => {
            this.#roomMade = resolve
          })
      }
    } catch (cause) {
      this.#failure = { cause }
    }
    this.#isEnded = true
  }

  take(maxBytes: number): Uint8Array {
    if (this.#failure) throw this.#failure.cause
    const out = new Uint8Array(Math.min(maxBytes, this.#bytes))
    for (let at = 0; at < out.length; ) {
      const piece = this.#pieces[0] as Uint8Array
      const part = piece.subarray(0, out.length - at)
      out.set(part, at)
      at += part.length
      if (part.length === piece.length) this.#pieces.shift()
      else this.#pieces[0] = piece.subarray(part.length)
    }
    this.#bytes -= out.length
    if (this.#bytes < MAX_WAITING_BYTES) this.#wake()
    return out
  }

  isOver(): boolean {
    return this.#isEnded && this.#bytes === 0 && this.#failure === null
  }

  stop(): void {
    this.#isStopped = true
    this.#wake()
  }

  #wake(): void {
    this.#roomMade?.()
    this.#roomMade = null
  }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
