import { totalmem } from 'node:os'
import type { JobSpec } from '@allod/protocol'
import type { ProviderConfig } from './config.ts'
import { fail } from './errors.ts'

/** The most that one order may have of the provider's machine. */
export type OrderBounds = { readonly memoryBytes: number; readonly outputBytes: number }

/** What an order asks for whose buyer chose nothing, twice over for its output: less would turn most of them away. */
const LEAST: OrderBounds = { memoryBytes: 2 ** 31, outputBytes: 2 ** 29 }

/**
 * The bounds that a provider's configuration sets. For null, an order's share of the machine: a guest holds up to twice its
 * job's memory in processes and once in its folders, and its output lies in memory too. On a small machine that is less than
 * what orders ask for unless told, and they get this much all the same: `maxOrders` says how many may be at it at once.
 */
export function orderBounds(
  {
    maxOrders,
    maxMemoryBytes,
    maxOutputBytes,
  }: Pick<ProviderConfig, 'maxOrders' | 'maxMemoryBytes' | 'maxOutputBytes'>,
  machineBytes = totalmem(),
): OrderBounds {
  const share = Math.floor(machineBytes / maxOrders)
  return {
    memoryBytes: maxMemoryBytes ?? Math.max(LEAST.memoryBytes, Math.floor(share / 4)),
    outputBytes: maxOutputBytes ?? Math.max(LEAST.outputBytes, Math.floor(share / 8)),
  }
}

/** Refuses a job that wants more of the machine than one order may have. @throws provider/over-limit */
export function requireWithin({ limits }: Pick<JobSpec, 'limits'>, bounds: OrderBounds): void {
  for (const limit of ['memoryBytes', 'outputBytes'] as const)
    if (limits[limit] > bounds[limit])
      throw fail('over-limit', { expected: bounds[limit], actual: limits[limit], meta: { limit: `limits.${limit}` } })
}
