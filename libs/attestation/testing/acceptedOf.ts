/** Which of `count` changed inputs are accepted. Runs some at a time: signatures are checked beside this thread. */
export async function acceptedOf(count: number, verdict: (i: number) => Promise<string>): Promise<readonly number[]> {
  const accepted: number[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) if ((await verdict(i)) === 'accepted') accepted.push(i)
  }
  await Promise.all(Array.from({ length: 4 }, lane))
  return accepted
}
