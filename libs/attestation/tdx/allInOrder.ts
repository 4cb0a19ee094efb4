/**
 * Waits for work that runs side by side, and fails with the first failure in the order given, not in time: the same bytes
 * give the same error on every machine.
 */
export async function allInOrder<const T extends readonly unknown[]>(
  work: {
    readonly [K in keyof T]: Promise<T[K]>
  },
): Promise<T> {
  const settled: PromiseSettledResult<unknown>[] = await Promise.allSettled(work)
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  }) as unknown as T
}
