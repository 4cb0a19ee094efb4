/** What a promise gives, unless it takes longer than `ms`; then `onLate()` is thrown. */
export async function within<T>(ms: number, promise: Promise<T>, onLate: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(onLate()), ms)
  })
  try {
    return await Promise.race([promise, limit])
  } finally {
    clearTimeout(timer)
  }
}

/** A body as it comes, each piece within `ms` of being asked for. Whoever stops reading ends it. */
export async function* piecesWithin(
  ms: number,
  body: ReadableStream<Uint8Array>,
  onLate: () => Error,
): AsyncGenerator<Uint8Array, void> {
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await within(ms, reader.read(), onLate)
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
