import { isAllodError } from '@allod/protocol'
import { fail } from '../errors.ts'
import type { Finished, Generation, Job, Lane, Planned, Slot } from './lane.ts'
import { rawSamplerOf, samplerOf, sampleWith } from './sampling.ts'
import { bestSlot, commonPrefix, forget, newSlots, planStep } from './slots.ts'

export type SchedulerOptions = {
  readonly maxQueue: number
  readonly batchTokens: number
  readonly maxSeconds: number
  readonly sharedPrefix: boolean
  readonly now?: () => number
}

/**
 * Continuous batching: every step evaluates one batch of one lane, made of the next token of each answer under way and as much of
 * waiting prompts as fits. Lanes take turns, because two contexts that decode at once would fight for the same cores.
 */
export class Scheduler {
  readonly #slots: ReadonlyMap<Lane, readonly Slot[]>
  readonly #options: SchedulerOptions
  readonly #now: () => number
  #queue: readonly Job[] = []
  #loop: Promise<void> = Promise.resolve()
  #isLooping = false
  #isStopping = false
  #started = 0

  constructor(lanes: readonly Lane[], options: SchedulerOptions) {
    this.#slots = new Map(lanes.map((lane) => [lane, newSlots(lane)]))
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  /**
   * Generates one answer.
   * @throws serve/queue-full, serve/time-limit, serve/engine-failed, serve/bad-schema, serve/stopping, or the signal's reason
   */
  async generate(lane: Lane, generation: Generation): Promise<Finished> {
    if (this.#isStopping) throw fail('stopping')
    const { maxQueue, maxSeconds } = this.#options
    const waiting = [...this.#slots.keys()].reduce((n, other) => n + Math.max(0, this.#overdue(other)), 0)
    if (this.#overdue(lane) >= 0 && waiting >= maxQueue) throw fail('queue-full', { expected: maxQueue })
    const { promise, resolve, reject } = Promise.withResolvers<Finished>()
    const deadlineMs = this.#now() + maxSeconds * 1000
    this.#queue = [...this.#queue, { lane, generation, deadlineMs, resolve, reject, failure: undefined }]
    if (!this.#isLooping) this.#loop = this.#run()
    return promise
  }

  /** Ends everything with serve/stopping; resolves once no step is under way. */
  async stop(): Promise<void> {
    this.#isStopping = true
    const running = [...this.#slots.values()].flat().flatMap((slot) => slot.running?.job ?? [])
    for (const job of [...this.#queue, ...running]) job.failure ??= fail('stopping')
    await this.#loop
  }

  /** Requests of a lane that will not find a place in the next step; below 0: places to spare. */
  #overdue(lane: Lane): number {
    return this.#queue.filter((job) => job.lane === lane).length - this.#free(lane)
  }

  #free(lane: Lane): number {
    return this.#slotsOf(lane).filter((slot) => slot.running === null).length
  }

  #slotsOf(lane: Lane): readonly Slot[] {
    return this.#slots.get(lane) ?? []
  }

  async #run(): Promise<void> {
    this.#isLooping = true
    try {
      for (;;) {
        this.#admit()
        const turn = [...this.#slots.keys()].filter((lane) => this.#free(lane) < lane.sequences)
        if (turn.length === 0) return
        for (const lane of turn) await this.#step(lane)
      }
    } finally {
      this.#isLooping = false
    }
  }

  #admit(): void {
    const left: Job[] = []
    for (const job of this.#queue) {
      this.#expire(job)
      const slot = job.failure === undefined ? bestSlot(this.#slotsOf(job.lane), job.generation.prompt) : null
      if (job.failure !== undefined) job.reject(job.failure)
      else if (slot === null) left.push(job)
      else this.#start(slot, job)
    }
    this.#queue = left
  }

  #start(slot: Slot, job: Job): void {
    const { lane, generation } = job
    const { prompt, sampling } = generation
    const common = commonPrefix(slot.evaluated, prompt)
    // The last prompt token is always evaluated again: its logits choose the first token of the answer.
    const kept = this.#options.sharedPrefix ? Math.min(common, prompt.length - 1) : 0
    try {
      forget(lane, slot, kept)
      slot.running = {
        job,
        sampler: samplerOf(lane, sampling),
        rawSampler: sampling.topLogprobs === null ? null : rawSamplerOf(lane),
        pending: prompt.slice(kept),
        order: this.#started++,
        cachedTokens: kept,
        completionTokens: 0,
      }
    } catch (cause) {
      job.reject(engineFailure(cause))
    }
  }

  async #step(lane: Lane): Promise<void> {
    const slots = this.#slotsOf(lane)
    for (const slot of slots) {
      if (slot.running === null) continue
      this.#expire(slot.running.job)
      if (slot.running.job.failure !== undefined) this.#release(slot, null)
    }
    try {
      const planned = planStep(lane, slots, this.#options.batchTokens)
      if (planned.length === 0) return
      await lane.context.decodeBatch()
      await Promise.all(planned.map((p) => (p.logits === null ? null : this.#sample(p, p.logits))))
    } catch (cause) {
      for (const slot of slots) {
        if (slot.running !== null) slot.running.job.failure ??= engineFailure(cause)
        this.#release(slot, null)
        // Nobody knows what of a failed batch reached the cache.
        forget(lane, slot, 0)
      }
    }
  }

  async #sample({ slot, running }: Planned, logits: number): Promise<void> {
    const { lane, generation } = running.job
    try {
      const sampled = await sampleWith(lane.context, logits, running.sampler, running.rawSampler, generation.sampling)
      if (lane.isEnd(sampled.token)) return this.#release(slot, 'stop')
      running.completionTokens++
      if (!generation.onToken(sampled)) return this.#release(slot, 'stop')
      if (running.completionTokens >= generation.maxTokens) return this.#release(slot, 'length')
      running.pending = [sampled.token]
    } catch (cause) {
      running.job.failure ??= engineFailure(cause)
      this.#release(slot, null)
    }
  }

  #release(slot: Slot, reason: Finished['reason'] | null): void {
    const { running } = slot
    if (running === null) return
    slot.running = null
    const { job, sampler, rawSampler, completionTokens, cachedTokens } = running
    sampler.dispose()
    rawSampler?.dispose()
    if (!this.#options.sharedPrefix) forget(job.lane, slot, 0)
    if (reason === null) job.reject(job.failure)
    else job.resolve({ reason, completionTokens, cachedTokens })
  }

  #expire(job: Job): void {
    const { signal } = job.generation
    if (signal.aborted) job.failure ??= signal.reason
    else if (this.#now() > job.deadlineMs) job.failure ??= fail('time-limit')
  }
}

const engineFailure = (cause: unknown): unknown => (isAllodError(cause) ? cause : fail('engine-failed', { cause }))
