import { concat } from '@allod/protocol'
import { sourceFail } from './errors.ts'

/** Bytes in whatever pieces: whole, an async iterable, or a web stream (also where those are not iterable yet). */
export type ByteSource = Uint8Array | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>

/** The pieces of a source, one after the other; stopping early cancels it. */
export async function* piecesOf(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  if (source instanceof Uint8Array) {
    if (source.length > 0) yield source
    return
  }
  if (!('getReader' in source)) {
    yield* source
    return
  }
  const reader = source.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/**
 * All bytes of a source.
 * @throws channel/source-too-large above `maxBytes`
 */
export async function collect(source: ByteSource, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const piece of piecesOf(source)) {
    bytes += piece.length
    if (bytes > maxBytes) throw sourceFail('source-too-large', { expected: maxBytes })
    parts.push(piece)
  }
  return concat(...parts)
}

/** A source as a web stream, for a `Response` or a `Request`: pulled one piece at a time, cancelled when nobody reads. */
export function streamOf(source: ByteSource): ReadableStream<Uint8Array> {
  const pieces = piecesOf(source)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await pieces.return()
      },
    },
    { highWaterMark: 0 },
  )
}

/** Reads a source by counts instead of pieces. */
export class ByteReader {
  readonly #pieces: AsyncGenerator<Uint8Array, void, undefined>
  #held: Uint8Array = new Uint8Array()

  constructor(source: ByteSource) {
    this.#pieces = piecesOf(source)
  }

  /** True where nothing is left. */
  async isAtEnd(): Promise<boolean> {
    return (await this.#fill()) === 0
  }

  /** At least one and at most `maxBytes` bytes, as they came; empty at the end. */
  async some(maxBytes: number): Promise<Uint8Array> {
    await this.#fill()
    const out = this.#held.subarray(0, maxBytes)
    this.#held = this.#held.subarray(out.length)
    return out
  }

  /** The next `count` bytes; fewer only at the end. */
  async upTo(count: number): Promise<Uint8Array> {
    if (this.#held.length >= count) return this.some(count)
    const parts: Uint8Array[] = []
    for (let left = count; left > 0; ) {
      const part = await this.some(left)
      if (part.length === 0) break
      parts.push(part)
      left -= part.length
    }
    return concat(...parts)
  }

  /** Says that no more will be read. */
  async stop(): Promise<void> {
    await this.#pieces.return()
  }

  async #fill(): Promise<number> {
    while (this.#held.length === 0) {
      const { done, value } = await this.#pieces.next()
      if (done) return 0
      this.#held = value
    }
    return this.#held.length
  }
}
