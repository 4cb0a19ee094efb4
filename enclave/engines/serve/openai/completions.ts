import { integer, list, type Shape, text } from '@allod/protocol'
import type { Piece } from '../batch/answerText.ts'
import { fail } from '../errors.ts'
import type { Reply } from '../http/reply.ts'
import type { Served, Vocabulary } from '../served.ts'
import { boundTokens, laneOf, type Question } from './answer.ts'
import { type CommonRequest, parseCommon, seedOfChoice } from './common.ts'
import { fieldsOf } from './fields.ts'
import { type Format, respond } from './respond.ts'

type CompletionRequest = CommonRequest & {
  readonly prompts: readonly (string | readonly number[])[]
  readonly topLogprobs: number | null
}

const MAX_PROMPTS = 16
const MAX_CHARACTERS = 1 << 20
/** What the API itself gives where `max_tokens` is left out. */
const DEFAULT_TOKENS = 16

/**
 * POST /v1/completions: text in, text on; prompts may be token ids.
 * @throws serve/bad-request, serve/unsupported-parameter, serve/unknown-model, serve/context-exceeded, serve/logprobs-off and the scheduler's
 */
export async function completions(served: Served, body: unknown, reply: Reply): Promise<void> {
  const request = parseCompletion(body, served)
  laneOf(served, request.model)
  if (request.topLogprobs !== null && !served.parameters.logprobs)
    throw fail('logprobs-off', { meta: { param: 'logprobs' } })
  const bounded = { ...request, maxTokens: request.maxTokens ?? DEFAULT_TOKENS }
  const questions = request.prompts.flatMap((given): Question[] => {
    const prompt = typeof given === 'string' ? served.vocabulary.plain(given) : given
    const maxTokens = boundTokens(served, bounded, prompt)
    return Array.from({ length: request.choices }, (_, i) => ({
      prompt,
      maxTokens,
      stops: request.stops,
      sampling: {
        ...request.sampling,
        seed: seedOfChoice(request.sampling.seed, i),
        grammar: null,
        topLogprobs: request.topLogprobs,
      },
    }))
  })
  await respond(served, request, questions, completionFormat(served.vocabulary, request.topLogprobs !== null), reply)
}

function parseCompletion(body: unknown, served: Served): CompletionRequest {
  const fields = fieldsOf(body)
  const common = parseCommon(fields, served.randomSeed)
  const prompts = fields.required('prompt', promptsShape(integer(0, served.vocabulary.size - 1)))
  const topLogprobs = fields.optional('logprobs', integer(0, 5), null)
  fields.only('echo', false)
  fields.only('best_of', 1)
  fields.only('suffix', '')
  fields.end()
  return { ...common, prompts, topLogprobs }
}

const promptsShape =
  (token: Shape<number>): Shape<CompletionRequest['prompts']> =>
  (v, path = 'prompt') => {
    const tokens = list(token, MAX_CHARACTERS, 1)
    if (!Array.isArray(v)) return [text(MAX_CHARACTERS)(v, path)]
    if (typeof v[0] === 'number') return [tokens(v, path)]
    const one: Shape<string | readonly number[]> = (x, at) =>
      Array.isArray(x) ? tokens(x, at) : text(MAX_CHARACTERS)(x, at)
    return list(one, MAX_PROMPTS, 1)(v, path)
  }

function completionFormat(vocabulary: Vocabulary, hasLogprobs: boolean): Format {
  const offsets = new Map<number, number>()
  const choice = (index: number, piece: Piece | null, finish: string | null): object => ({
    index,
    text: piece?.text ?? '',
    logprobs: hasLogprobs && piece !== null ? legacyLogprobs(vocabulary, piece, offsets, index) : null,
    finish_reason: finish,
  })
  return {
    idPrefix: 'cmpl',
    object: 'text_completion',
    chunkObject: 'text_completion',
    whole: choice,
    chunk: (index, piece, _, finish) => choice(index, piece, finish),
  }
}

/** The older API names tokens in parallel lists, with offsets into the answer's text. */
function legacyLogprobs(vocabulary: Vocabulary, piece: Piece, offsets: Map<number, number>, index: number): object {
  let offset = offsets.get(index) ?? 0
  const textOffset = piece.tokens.map(({ token }) => {
    const at = offset
    offset += vocabulary.nameOf(token).length
    return at
  })
  offsets.set(index, offset)
  return {
    tokens: piece.tokens.map((t) => vocabulary.nameOf(t.token)),
    token_logprobs: piece.tokens.map((t) => t.logprob),
    top_logprobs: piece.tokens.map((t) =>
      Object.fromEntries(t.top.map((x) => [vocabulary.nameOf(x.token), x.logprob])),
    ),
    text_offset: textOffset,
  }
}
