import { type JobDocument, wallMs } from '@allod/protocol'
import type { EngineLimits } from '../engineSandbox/launchEngine.ts'

/** Tasks an engine may have: threads of its matrix work included. */
const ENGINE_TASKS = 256

/** What an engine may use. Where its time is the term's, it is the lease that ends, and the engine with it. */
export function engineLimits(job: {
  readonly spec: Pick<JobDocument['spec'], 'limits'>
  readonly terms: Pick<JobDocument['terms'], 'seconds'>
}): EngineLimits {
  const { limits } = job.spec
  return {
    memoryBytes: limits.memoryBytes,
    wallMs: wallMs(job),
    outputBytes: limits.outputBytes,
    processes: ENGINE_TASKS,
  }
}
