/** Keepers sign for a time at most this long before their own. */
const MAX_SKEW_SECONDS = 30

/**
 * The time that most keepers sign: not after their own, and not long before. The earliest of all would let one keeper that
 * names the year 1970 end every lease.
 */
export function commonTime(times: readonly number[]): number {
  return times.reduce((best, t) => (signersAt(times, t) > signersAt(times, best) ? t : best), times[0] ?? 0)
}

const signersAt = (times: readonly number[], upTo: number): number =>
  times.filter((t) => t >= upTo && t <= upTo + MAX_SKEW_SECONDS).length

/** How many sign the time that most do. */
export const signersOf = (times: readonly number[]): number => signersAt(times, commonTime(times))
