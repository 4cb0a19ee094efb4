import { isAllodError } from '@allod/protocol'
import { fail } from '../errors.ts'
import type { LlamaContext, LlamaGrammarState, LlamaSampler } from '../llama/addon.ts'
import { rawSamplerOf, type Sampled, type Sampling, samplerOf, sampleWith } from './sampling.ts'

/** One answer to be generated. */
export type Generation = {
  readonly prompt: readonly number[]
  /** At least 1; together with the prompt within the context. */
  readonly maxTokens: number
  readonly sampling: Sampling
  readonly signal: AbortSignal
  /** Called for each token but the end of text; false ends the answer (a stop string was met). */
  readonly onToken: (sampled: Sampled) => boolean
}

export type Finished = {
  readonly reason: 'stop' | 'length'
  readonly completionTokens: number
  /** Prompt tokens that were not evaluated again; 0 unless the job shares prefixes. */
  readonly cachedTokens: number
}

/** One model name: a context of its own over the shared weights. */
export type Lane = {
  readonly context: LlamaContext
  readonly sequences: number
  readonly newSampler: () => LlamaSampler
  readonly newGrammar: (gbnf: string) => LlamaGrammarState
  readonly isEnd: (token: number) => boolean
}

export type Scheduler = {
  /** @throws serve/queue-full, serve/time-limit, serve/engine-failed, serve/stopping, or the signal's reason */
  generate(lane: Lane, generation: Generation): Promise<Finished>
  /** Places left for waiting requests, before `queue-full`. */
  room(): number
  stop(): Promise<void>
}

export type SchedulerOptions = {
  readonly maxQueue: number
  readonly batchTokens: number
  readonly maxSeconds: number
  readonly sharedPrefix: boolean
  readonly now?: () => number
}

type Job = {
  readonly lane: Lane
  readonly generation: Generation
  readonly deadlineMs: number
  readonly resolve: (finished: Finished) => void
  readonly reject: (error: unknown) => void
  /** Set when a signal, the clock or the engine ended it. */
  failure: unknown
}

type Running = {
  readonly job: Job
  readonly sampler: LlamaSampler
  readonly rawSampler: LlamaSampler | null
  /** Tokens to evaluate before the next sample: the rest of the prompt, then one token at a time. */
  pending: readonly number[]
  readonly cachedTokens: number
  completionTokens: number
}

type Slot = { readonly id: number; running: Running | null; evaluated: number[] }

type Planned = { readonly slot: Slot; readonly running: Running; readonly logits: number | null }

/**
 * Continuous batching: every step evaluates one batch of one lane, made of the next token of each answer under way and as much of
 * waiting prompts as fits. Lanes take turns, because two contexts that decode at once would fight for the same cores.
 */
export function startScheduler(lanes: readonly Lane[], options: SchedulerOptions): Scheduler {
  const now = options.now ?? Date.now
  const slots = new Map<Lane, Slot[]>(
    lanes.map((lane) => [
      lane,
      Array.from({ length: lane.sequences }, (_, id): Slot => ({ id, running: null, evaluated: [] })),
    ]),
  )
  const queue: Job[] = []
  let loop: Promise<void> = Promise.resolve()
  let isLooping = false
  let isStopping = false

  const slotsOf = (lane: Lane): Slot[] => slots.get(lane) ?? []
  const busy = (lane: Lane): boolean => slotsOf(lane).some((s) => s.running !== null)

  async function run(): Promise<void> {
    isLooping = true
    try {
      for (;;) {
        expire(queue, now())
        for (const lane of lanes) admit(lane)
        const turn = lanes.filter(busy)
        if (turn.length === 0) return
        for (const lane of turn) await step(lane)
      }
    } finally {
      isLooping = false
    }
  }

  function admit(lane: Lane): void {
    for (let i = 0; i < queue.length; ) {
      const job = queue[i] as Job
      const free = job.lane === lane ? bestSlot(slotsOf(lane), job.generation.prompt) : null
      if (free === null) i++
      else {
        queue.splice(i, 1)
        start(free, job)
      }
    }
  }

  function start(slot: Slot, job: Job): void {
    const { context } = job.lane
    const { prompt, sampling } = job.generation
    // The last prompt token is always evaluated again: its logits choose the first token of the answer.
    const kept = options.sharedPrefix ? Math.min(commonPrefix(slot.evaluated, prompt), prompt.length - 1) : 0
    try {
      forget(context, slot, kept)
      slot.running = {
        job,
        sampler: samplerOf(job.lane, sampling),
        rawSampler: sampling.topLogprobs === null ? null : rawSamplerOf(job.lane),
        pending: prompt.slice(kept),
        cachedTokens: kept,
        completionTokens: 0,
      }
    } catch (cause) {
      job.reject(engineFailure(cause))
    }
  }

  async function step(lane: Lane): Promise<void> {
    for (const slot of slotsOf(lane)) {
      if (slot.running === null) continue
      expireOne(slot.running.job, now())
      if (slot.running.job.failure !== undefined) release(lane, slot, null)
    }
    try {
      const planned = plan(lane, slotsOf(lane), options.batchTokens)
      if (planned.length === 0) return
      await lane.context.decodeBatch()
      await Promise.all(planned.map((p) => (p.logits === null ? null : sample(lane, p, p.logits))))
    } catch (cause) {
      for (const slot of slotsOf(lane)) {
        if (slot.running === null) continue
        slot.running.job.failure ??= engineFailure(cause)
        release(lane, slot, null)
        // Nobody knows what of a failed batch reached the cache.
        forget(lane.context, slot, 0)
      }
    }
  }

  async function sample(lane: Lane, { slot, running }: Planned, logits: number): Promise<void> {
    const { generation } = running.job
    let sampled: Sampled
    try {
      sampled = await sampleWith(lane.context, logits, running.sampler, running.rawSampler, generation.sampling)
      if (lane.isEnd(sampled.token)) return release(lane, slot, 'stop')
      running.completionTokens++
      if (!generation.onToken(sampled)) return release(lane, slot, 'stop')
    } catch (cause) {
      running.job.failure ??= engineFailure(cause)
      return release(lane, slot, null)
    }
    if (running.completionTokens >= generation.maxTokens) return release(lane, slot, 'length')
    running.pending = [sampled.token]
  }

  function release(lane: Lane, slot: Slot, reason: Finished['reason'] | null): void {
    const running = slot.running
    if (running === null) return
    slot.running = null
    running.sampler.dispose()
    running.rawSampler?.dispose()
    if (!options.sharedPrefix) forget(lane.context, slot, 0)
    const { job, completionTokens, cachedTokens } = running
    if (reason === null) job.reject(job.failure)
    else job.resolve({ reason, completionTokens, cachedTokens })
  }

  return {
    room: () =>
      options.maxQueue - queue.length + lanes.reduce((n, l) => n + slotsOf(l).filter((s) => !s.running).length, 0),
    generate(lane, generation) {
      if (isStopping) return Promise.reject(fail('stopping'))
      const free = slotsOf(lane).filter((s) => s.running === null).length
      const ahead = queue.filter((j) => j.lane === lane).length
      if (queue.length >= options.maxQueue && ahead >= free)
        return Promise.reject(fail('queue-full', { expected: options.maxQueue }))
      return new Promise<Finished>((resolve, reject) => {
        const job: Job = {
          lane,
          generation,
          deadlineMs: now() + options.maxSeconds * 1000,
          resolve,
          reject,
          failure: undefined,
        }
        queue.push(job)
        if (!isLooping) loop = run()
      })
    },
    async stop() {
      isStopping = true
      for (const job of queue) job.failure ??= fail('stopping')
      for (const lane of lanes)
        for (const { running } of slotsOf(lane)) if (running !== null) running.job.failure ??= fail('stopping')
      await loop
    },
  }
}

/** Fills the native batch: answers under way first, then prompts, each cut to what is left of the step. */
function plan(lane: Lane, slots: readonly Slot[], batchTokens: number): Planned[] {
  const chosen: { slot: Slot; running: Running; tokens: readonly number[] }[] = []
  let left = Math.max(batchTokens, slots.length)
  const byLength = slots.filter((s) => s.running !== null).sort((a, b) => pendingOf(a) - pendingOf(b))
  for (const slot of byLength) {
    const running = slot.running
    if (running === null || left === 0) continue
    const tokens = running.pending.slice(0, left)
    left -= tokens.length
    chosen.push({ slot, running, tokens })
  }
  if (chosen.length === 0) return []
  lane.context.initBatch(chosen.reduce((n, c) => n + c.tokens.length, 0))
  return chosen.map(({ slot, running, tokens }) => {
    const isWhole = tokens.length === running.pending.length
    const wanted = Uint32Array.from(isWhole ? [tokens.length - 1] : [])
    const at = lane.context.addToBatch(slot.id, slot.evaluated.length, Uint32Array.from(tokens), wanted)
    for (const token of tokens) slot.evaluated.push(token)
    running.pending = running.pending.slice(tokens.length)
    return { slot, running, logits: at[0] ?? null }
  })
}

const pendingOf = (slot: Slot): number => slot.running?.pending.length ?? 0

function forget(context: LlamaContext, slot: Slot, keep: number): void {
  context.removeTokenCellsFromSequence(slot.id, keep, -1)
  slot.evaluated.length = Math.min(slot.evaluated.length, keep)
}

function bestSlot(slots: readonly Slot[], prompt: readonly number[]): Slot | null {
  let best: Slot | null = null
  for (const slot of slots) {
    if (slot.running !== null) continue
    if (best === null || commonPrefix(slot.evaluated, prompt) > commonPrefix(best.evaluated, prompt)) best = slot
  }
  return best
}

function commonPrefix(a: readonly number[], b: readonly number[]): number {
  const length = Math.min(a.length, b.length)
  let i = 0
  while (i < length && a[i] === b[i]) i++
  return i
}

function expire(queue: Job[], nowMs: number): void {
  for (let i = queue.length - 1; i >= 0; i--) {
    const job = queue[i] as Job
    expireOne(job, nowMs)
    if (job.failure === undefined) continue
    queue.splice(i, 1)
    job.reject(job.failure)
  }
}

function expireOne(job: Job, nowMs: number): void {
  if (job.generation.signal.aborted) job.failure ??= job.generation.signal.reason
  else if (nowMs > job.deadlineMs) job.failure ??= fail('time-limit')
}

const engineFailure = (cause: unknown): unknown => (isAllodError(cause) ? cause : fail('engine-failed', { cause }))
