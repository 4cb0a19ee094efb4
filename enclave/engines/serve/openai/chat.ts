import type { Piece, PlacedToken } from '../batch/answerText.ts'
import { fail } from '../errors.ts'
import type { Reply } from '../http/reply.ts'
import type { Served, Vocabulary } from '../served.ts'
import { boundTokens, laneOf } from './answer.ts'
import { seedOfChoice } from './common.ts'
import { parseChat } from './parseChat.ts'
import { type Format, respond } from './respond.ts'

/**
 * POST /v1/chat/completions.
 * @throws serve/bad-request, serve/unsupported-parameter, serve/unknown-model, serve/context-exceeded, serve/logprobs-off and the scheduler's
 */
export async function chat(served: Served, body: unknown, reply: Reply): Promise<void> {
  const request = parseChat(body, served.randomSeed)
  laneOf(served, request.model)
  if (request.topLogprobs !== null && !served.parameters.logprobs)
    throw fail('logprobs-off', { meta: { param: 'logprobs' } })
  const prompt = served.vocabulary.chat(request.messages)
  const maxTokens = boundTokens(served, request, prompt)
  const { stops, grammar, topLogprobs } = request
  const questions = Array.from({ length: request.choices }, (_, i) => ({
    prompt,
    maxTokens,
    stops,
    sampling: { ...request.sampling, seed: seedOfChoice(request.sampling.seed, i), grammar, topLogprobs },
  }))
  await respond(served, request, questions, chatFormat(served.vocabulary, topLogprobs !== null), reply)
}

function chatFormat(vocabulary: Vocabulary, hasLogprobs: boolean): Format {
  const logprobs = (piece: Piece | null): object | null =>
    hasLogprobs && piece !== null ? { content: piece.tokens.map((t) => entry(vocabulary, t)), refusal: null } : null
  return {
    idPrefix: 'chatcmpl',
    object: 'chat.completion',
    chunkObject: 'chat.completion.chunk',
    whole: (index, piece, finish) => ({
      index,
      message: { role: 'assistant', content: piece.text, refusal: null },
      logprobs: logprobs(piece),
      finish_reason: finish,
    }),
    chunk: (index, piece, isFirst, finish) => ({
      index,
      delta: { ...(isFirst ? { role: 'assistant' } : {}), ...(piece === null ? {} : { content: piece.text }) },
      logprobs: logprobs(piece),
      finish_reason: finish,
    }),
  }
}

const entry = (vocabulary: Vocabulary, token: PlacedToken): object => ({
  ...named(vocabulary, token.token, token.logprob ?? 0),
  top_logprobs: token.top.map((t) => named(vocabulary, t.token, t.logprob)),
})

const named = (vocabulary: Vocabulary, token: number, logprob: number): object => ({
  token: vocabulary.nameOf(token),
  logprob,
  bytes: [...vocabulary.bytesOf(token)],
})
