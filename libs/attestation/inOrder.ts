type Results<T extends readonly Promise<unknown>[]> = { -readonly [K in keyof T]: Awaited<T[K]> }

/** Waits for all; where several fail, the first in order is thrown, whichever ended first: same bytes, same error. */
export async function inOrder<const T extends readonly Promise<unknown>[]>(work: T): Promise<Results<T>> {
  const settled = await Promise.allSettled(work)
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  }) as Results<T>
}
