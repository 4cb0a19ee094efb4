import { flag, integer, type Json, oneOf, record, type Shaped } from '@allod/protocol'

const serveFields = {
  /** Tokens that prompt and answer of one request may hold together; 0 = what the model was trained for, at most 4,096. */
  contextTokens: integer(0, 1 << 20),
  /** Requests decoded at the same time, per model name. */
  sequences: integer(1, 64),
  /** Requests that may wait for a place, over all models. */
  maxQueue: integer(0, 10_000),
  /** Upper bound on the tokens of one answer, and the default where a request names none. */
  maxTokens: integer(1, 1 << 20),
  /** Seconds a request may take, waiting included. */
  maxSeconds: integer(1, 86_400),
  /** Tokens evaluated in one step; long prompts are cut to it so that others go on. */
  batchTokens: integer(16, 8192),
  /** Threads of the matrix work; 0 = all cores but one. They spin while they wait, so more than there are free cores is ruinous. */
  threads: integer(0, 256),
  /** How weights are held in memory; q8_0 takes half of f16 and is about twice as fast, at a loss hardly seen. */
  weights: oneOf('f16', 'q8_0'),
  logprobs: flag,
  embeddings: flag,
  /** Lets a request reuse what another left in the cache: faster, and lets clients time each other's prompts. */
  sharedPrefix: flag,
} as const

const serveShape = record(serveFields)

export type ServeParameters = Shaped<typeof serveShape>

/** What serving does unless told otherwise. */
export const SERVE_DEFAULTS: ServeParameters = {
  contextTokens: 0,
  sequences: 8,
  maxQueue: 64,
  maxTokens: 1024,
  maxSeconds: 300,
  batchTokens: 512,
  threads: 0,
  weights: 'f16',
  logprobs: false,
  embeddings: false,
  sharedPrefix: false,
}

/** The parameters of a serve job, defaults filled in. @throws protocol/bad-shape */
export const parseServeParameters = (given: { readonly [name: string]: Json }): ServeParameters =>
  serveShape({ ...SERVE_DEFAULTS, ...given }, 'parameters')
