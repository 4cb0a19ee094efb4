/**
 * What all of them give. Where some fail, the first failure, but only once none is under way any more: what is started
 * together must not go on starting after whoever waits for it gave up.
 */
export async function allEnded<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}
