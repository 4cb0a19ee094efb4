import { randomBytes } from 'node:crypto'
import type { Piece } from '../batch/answerText.ts'
import type { Finished } from '../batch/lane.ts'
import type { Reply } from '../http/reply.ts'
import type { Served } from '../served.ts'
import { answer, laneOf, type Question } from './answer.ts'
import type { CommonRequest } from './common.ts'

/** How one of the two APIs spells its documents. */
export type Format = {
  readonly idPrefix: string
  readonly object: string
  readonly chunkObject: string
  /** A choice of a whole answer. */
  whole(index: number, piece: Piece, finish: Finished['reason']): object
  /** A choice of a streamed chunk; `piece` is null for the closing one. */
  chunk(index: number, piece: Piece | null, isFirst: boolean, finish: Finished['reason'] | null): object
}

/**
 * Answers a request with one or more choices, generated side by side, streamed or whole.
 * @throws what the scheduler throws; nothing was sent then unless the stream had begun
 */
export async function respond(
  served: Served,
  request: CommonRequest,
  questions: readonly Question[],
  format: Format,
  reply: Reply,
): Promise<void> {
  const lane = laneOf(served, request.model)
  const head = {
    id: `${format.idPrefix}-${randomBytes(12).toString('hex')}`,
    created: Math.floor(Date.now() / 1000),
    model: request.model,
  }
  // One failed choice ends its siblings, or they would go on for nobody.
  const siblings = new AbortController()
  const signal = AbortSignal.any([reply.signal, siblings.signal])
  const send = (choices: readonly object[], rest: object = {}): void =>
    reply.event({ ...head, object: format.chunkObject, choices, ...rest })
  const begun = new Set<number>()
  const stream = (index: number, piece: Piece | null, finish: Finished['reason'] | null): void => {
    send([format.chunk(index, piece, !begun.has(index), finish)], request.includeUsage ? { usage: null } : {})
    begun.add(index)
  }

  const one = async (question: Question, index: number) => {
    const pieces: Piece[] = []
    const onPiece = (piece: Piece): void => {
      if (request.isStreamed) stream(index, piece, null)
      else pieces.push(piece)
    }
    const finished = await answer(served, lane, question, signal, onPiece)
    if (request.isStreamed) stream(index, null, finished.reason)
    return { finished, piece: joined(pieces) }
  }
  const all = await Promise.all(
    questions.map((question, index) =>
      one(question, index).catch((cause: unknown) => {
        siblings.abort(cause)
        throw cause
      }),
    ),
  )

  const usage = usageOf(
    new Set(questions.map((q) => q.prompt)),
    all.map((a) => a.finished),
  )
  if (!request.isStreamed) {
    const choices = all.map(({ finished, piece }, index) => format.whole(index, piece, finished.reason))
    return reply.json(200, { ...head, object: format.object, choices, usage })
  }
  if (request.includeUsage) send([], { usage })
  reply.endEvents()
}

const joined = (pieces: readonly Piece[]): Piece => ({
  text: pieces.map((p) => p.text).join(''),
  tokens: pieces.flatMap((p) => p.tokens),
})

/** A prompt that several choices share is counted once, as the API does. */
function usageOf(prompts: ReadonlySet<readonly number[]>, finished: readonly Finished[]): object {
  const prompt = [...prompts].reduce((n, p) => n + p.length, 0)
  const completion = finished.reduce((n, f) => n + f.completionTokens, 0)
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: Math.min(
        prompt,
        finished.reduce((n, f) => n + f.cachedTokens, 0),
      ),
    },
  }
}
