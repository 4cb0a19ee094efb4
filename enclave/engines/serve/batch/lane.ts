import type { LlamaContext, LlamaGrammarState, LlamaSampler } from '../llama/addon.ts'
import type { Sampled, Sampling } from './sampling.ts'

/** One model name: a context of its own over the shared weights. */
export type Lane = {
  readonly context: LlamaContext
  readonly sequences: number
  readonly newSampler: () => LlamaSampler
  /** @throws serve/bad-schema */
  readonly newGrammar: (gbnf: string) => LlamaGrammarState
  readonly isEnd: (token: number) => boolean
}

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

/** A generation that waits or runs. */
export type Job = {
  readonly lane: Lane
  readonly generation: Generation
  readonly deadlineMs: number
  readonly resolve: (finished: Finished) => void
  readonly reject: (error: unknown) => void
  /** Set when a signal, the clock or the engine ended it. */
  failure: unknown
}

/** A job that has a place. */
export type Running = {
  readonly job: Job
  readonly sampler: LlamaSampler
  readonly rawSampler: LlamaSampler | null
  /** Tokens to evaluate before the next sample: the rest of the prompt, then one token at a time. */
  pending: readonly number[]
  /** Rises with every start. */
  readonly order: number
  readonly cachedTokens: number
  completionTokens: number
}

/** A place in a lane: one sequence of its context. `evaluated` are the tokens whose state the cache holds. */
export type Slot = { readonly id: number; running: Running | null; readonly evaluated: number[] }

/** A slot's part of one step; `logits` is where the next token's logits will be, null while its prompt goes on. */
export type Planned = { readonly slot: Slot; readonly running: Running; readonly logits: number | null }
