/**
 * What hostile input may cost, in seconds of CPU. Refusals take milliseconds, the longest a second where first touches of memory
 * are dear: a bound on what gets out of hand, not on how fast a machine is.
 */
export const HOSTILE_CPU_SECONDS = 5

/** Seconds of CPU that this process used since: unlike wall time, not what others do to the machine meanwhile. */
export function cpuClock(): () => number {
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1e6
  }
}
