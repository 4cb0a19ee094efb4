import type { ChatMessage, ServeParameters } from '@allod/models'
import type { Lane } from './batch/lane.ts'
import type { Scheduler } from './batch/Scheduler.ts'

/** The model's own words: the same tokenizer and chat template as in training. */
export type Vocabulary = {
  readonly size: number
  /** Prompt tokens of a conversation that the assistant is to continue. @throws serve/bad-template */
  chat(messages: readonly ChatMessage[]): readonly number[]
  /** Prompt tokens of plain text. */
  plain(text: string): readonly number[]
  /** Bytes that a token adds to an answer; none for control tokens. */
  bytesOf(token: number): Uint8Array
  /** How a token is named in log probabilities, control tokens too. */
  nameOf(token: number): string
}

/** Everything that answers requests. */
export type Served = {
  /** Names in the order of GET /v1/models: `base`, and `tuned` where there is an adapter. */
  readonly lanes: ReadonlyMap<string, Lane>
  readonly vocabulary: Vocabulary
  readonly scheduler: Scheduler
  readonly parameters: ServeParameters
  /** Tokens of prompt and answer together. */
  readonly contextTokens: number
  /** The embedding of a text's tokens; null where the job does not serve embeddings. */
  readonly embed: ((model: string, tokens: readonly number[]) => Promise<Float64Array>) | null
  readonly startedSeconds: number
  readonly randomSeed: () => number
}
