import { type AnswerText, answerText, type Piece } from '../batch/answerText.ts'
import type { Finished, Lane } from '../batch/lane.ts'
import type { Sampling } from '../batch/sampling.ts'
import { fail } from '../errors.ts'
import type { Served } from '../served.ts'
import type { CommonRequest } from './common.ts'

/** What one choice needs beside the request. */
export type Question = {
  readonly prompt: readonly number[]
  readonly maxTokens: number
  readonly stops: readonly string[]
  readonly sampling: Sampling
}

export type Usage = { readonly promptTokens: number; readonly completionTokens: number; readonly cachedTokens: number }

/** The lane of a model name. @throws serve/unknown-model */
export function laneOf(served: Served, model: string): Lane {
  const lane = served.lanes.get(model)
  if (lane === undefined)
    throw fail('unknown-model', { expected: [...served.lanes.keys()], actual: model, meta: { param: 'model' } })
  return lane
}

/**
 * Bounds an answer by the request, the job and the context.
 * @throws serve/context-exceeded where the prompt leaves no room
 */
export function boundTokens(served: Served, request: CommonRequest, prompt: readonly number[]): number {
  const room = served.contextTokens - prompt.length
  const wanted = request.maxTokens
  if (prompt.length === 0) throw fail('bad-request', { expected: 'a prompt of at least one token' })
  if (room < 1) throw fail('context-exceeded', { expected: served.contextTokens, actual: prompt.length })
  return Math.min(room, wanted ?? served.parameters.maxTokens, served.parameters.maxTokens)
}

/** Generates one answer; `onPiece` gets its text as it becomes certain. Errors are the scheduler's. */
export async function answer(
  served: Served,
  lane: Lane,
  question: Question,
  signal: AbortSignal,
  onPiece: (piece: Piece) => void,
): Promise<Finished> {
  const text: AnswerText = answerText(question.stops)
  const show = (piece: Piece): void => {
    if (piece.text !== '' || piece.tokens.length > 0) onPiece(piece)
  }
  const finished = await served.scheduler.generate(lane, {
    prompt: question.prompt,
    maxTokens: question.maxTokens,
    sampling: question.sampling,
    signal,
    onToken(sampled) {
      show(text.push({ ...sampled, bytes: served.vocabulary.bytesOf(sampled.token) }))
      return !text.isStopped()
    },
  })
  show(text.end())
  return finished
}
