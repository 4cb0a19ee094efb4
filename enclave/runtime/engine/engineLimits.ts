import type { JobDocument } from '@allod/protocol'
import type { EngineLimits } from '../engineSandbox/launchEngine.ts'

/** Tasks an engine may have: threads of its matrix work included. */
const ENGINE_TASKS = 256
/** As long as any environment lets a guest run. */
const LONGEST_MS = 366 * 86_400_000

/**
 * What an engine may use. A time that reaches to the end of the term or beyond is the term's own, which keepers tell and which
 * may be extended: then it is the lease that ends, and the engine with it.
 */
export function engineLimits({
  spec: { limits },
  terms,
}: {
  readonly spec: Pick<JobDocument['spec'], 'limits'>
  readonly terms: Pick<JobDocument['terms'], 'seconds'>
}): EngineLimits {
  return {
    memoryBytes: limits.memoryBytes,
    wallMs: limits.seconds < terms.seconds ? limits.seconds * 1000 : LONGEST_MS,
    outputBytes: limits.outputBytes,
    processes: ENGINE_TASKS,
  }
}
