import type { RunningEngine } from '../engineSandbox/launchEngine.ts'
import { fail } from '../errors.ts'
import type { OpenOrder } from '../OpenOrder.ts'

/** Lets the engine run, wait or end as the lease says from now on. */
export function followLease({ lease, onLease }: Pick<OpenOrder, 'lease' | 'onLease'>, engine: RunningEngine): void {
  onLease.follow = (state) => {
    if (state === 'lost') engine.kill()
    else if (state === 'paused') engine.pause()
    else engine.resume()
  }
  if (lease.state !== 'running') onLease.follow(lease.state)
}

/**
 * Does something under the lease. What fails once it is lost, fails because of that: an engine that was killed and a key that
 * was erased are nobody's fault, and the order is left to another machine.
 * @throws runtime/lease-lost, and otherwise what fails
 */
export async function underLease<T>({ lease }: Pick<OpenOrder, 'lease'>, work: () => Promise<T>): Promise<T> {
  try {
    const done = await work()
    if (lease.state !== 'lost') return done
  } catch (error) {
    if (lease.state !== 'lost') throw error
  }
  throw fail('lease-lost', { actual: 'not renewed within ttl and grace' })
}
