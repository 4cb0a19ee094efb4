/** Does the same with each of many, so many at once, and gives what came of them in their order: none is left out. */
export async function inBatches<T, R>(
  all: readonly T[],
  atOnce: number,
  work: (one: T) => Promise<R>,
): Promise<readonly R[]> {
  const done: R[] = []
  for (let at = 0; at < all.length; at += atOnce)
    for (const result of await Promise.all(all.slice(at, at + atOnce).map(work))) done.push(result)
  return done
}
