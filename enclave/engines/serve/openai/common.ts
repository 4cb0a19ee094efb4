import { flag, integer, list, type Shape, text } from '@allod/protocol'
import type { Sampling } from '../batch/sampling.ts'
import { fail } from '../errors.ts'
import { type Fields, number } from './fields.ts'

/** What chat and plain completions ask for alike. */
export type CommonRequest = {
  readonly model: string
  readonly choices: number
  readonly maxTokens: number | null
  readonly stops: readonly string[]
  readonly isStreamed: boolean
  readonly includeUsage: boolean
  readonly sampling: Omit<Sampling, 'grammar' | 'topLogprobs'>
}

/** Fields of the API that say nothing about the answer itself. */
const HARMLESS = ['user', 'metadata', 'safety_identifier', 'prompt_cache_key', 'service_tier', 'prompt_cache_retention']

/**
 * Parses the shared fields.
 * @throws serve/bad-request, serve/unsupported-parameter
 */
export function parseCommon(fields: Fields, randomSeed: () => number): CommonRequest {
  fields.ignore(...HARMLESS)
  const isStreamed = fields.optional('stream', flag, false)
  const streamOptions = fields.optional('stream_options', streamOptionsShape, null)
  if (streamOptions !== null && !isStreamed)
    throw fail('bad-request', { expected: 'stream: true', meta: { param: 'stream_options' } })
  return {
    model: fields.required('model', text(200)),
    choices: fields.optional('n', integer(1, 8), 1),
    maxTokens: fields.optional('max_tokens', integer(1, 1 << 20), null),
    stops: fields.optional('stop', stopsShape, []),
    isStreamed,
    includeUsage: streamOptions?.includeUsage ?? false,
    sampling: {
      temperature: fields.optional('temperature', number(0, 2), 1),
      topP: fields.optional('top_p', number(0, 1), 1),
      seed: toSeed(fields.optional('seed', integer(Number.MIN_SAFE_INTEGER), null) ?? randomSeed()),
      presencePenalty: fields.optional('presence_penalty', number(-2, 2), 0),
      frequencyPenalty: fields.optional('frequency_penalty', number(-2, 2), 0),
      logitBias: fields.optional('logit_bias', biasShape, []),
    },
  }
}

/** The n-th choice has a seed of its own, so that choices differ and still repeat. */
export const seedOfChoice = (seed: number, choice: number): number => (seed + choice) >>> 0

const toSeed = (seed: number): number => Number(BigInt.asUintN(32, BigInt(seed)))

const stopText: Shape<string> = (v, path) => {
  const value = text(256)(v, path)
  if (value === '') throw fail('bad-request', { expected: 'text that is not empty', meta: { param: path } })
  return value
}

const stopsShape: Shape<readonly string[]> = (v, path) =>
  typeof v === 'string' ? [stopText(v, path)] : list(stopText, 4)(v, path)

const streamOptionsShape: Shape<{ includeUsage: boolean }> = (v, path = '$') => {
  if (typeof v !== 'object' || v === null) throw fail('bad-request', { expected: 'object', meta: { param: path } })
  const { include_usage: usage = false } = v as Record<string, unknown>
  return { includeUsage: flag(usage, `${path}.include_usage`) }
}

const biasShape: Shape<Sampling['logitBias']> = (v, path = '$') => {
  if (typeof v !== 'object' || v === null || Array.isArray(v) || Object.keys(v).length > 300)
    throw fail('bad-request', { expected: 'map of at most 300', meta: { param: path } })
  return Object.entries(v).map(([key, bias]) => {
    if (!/^[0-9]{1,7}$/.test(key)) throw fail('bad-request', { expected: 'token id', meta: { param: path } })
    return [Number(key), number(-100, 100)(bias, `${path}.${key}`)] as const
  })
}
