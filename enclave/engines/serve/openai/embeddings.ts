import { integer, list, oneOf, type Shape, text } from '@allod/protocol'
import { fail } from '../errors.ts'
import type { Reply } from '../http/reply.ts'
import type { Served } from '../served.ts'
import { laneOf } from './answer.ts'
import { fieldsOf } from './fields.ts'

const MAX_INPUTS = 64
const MAX_CHARACTERS = 1 << 20

/**
 * POST /v1/embeddings: the normalised hidden state after a text's last token. A language model was not trained for this; it is offered
 * where the job asks for it.
 * @throws serve/embeddings-off, serve/bad-request, serve/unsupported-parameter, serve/unknown-model, serve/context-exceeded
 */
export async function embeddings(served: Served, body: unknown, reply: Reply): Promise<void> {
  const fields = fieldsOf(body)
  const model = fields.required('model', text(200))
  const inputs = fields.required('input', inputsShape(integer(0, served.vocabulary.size - 1)))
  const encoding = fields.optional('encoding_format', oneOf('float', 'base64'), 'float')
  fields.ignore('user')
  fields.end()
  laneOf(served, model)
  if (served.embed === null) throw fail('embeddings-off')
  const data: object[] = []
  let tokens = 0
  for (const [index, input] of inputs.entries()) {
    const prompt = typeof input === 'string' ? served.vocabulary.plain(input) : input
    if (prompt.length === 0)
      throw fail('bad-request', { expected: 'text of at least one token', meta: { param: 'input' } })
    if (prompt.length > served.contextTokens)
      throw fail('context-exceeded', { expected: served.contextTokens, actual: prompt.length })
    reply.signal.throwIfAborted()
    const vector = normalised(await served.embed(model, prompt))
    tokens += prompt.length
    const embedding =
      encoding === 'float' ? [...vector] : Buffer.from(Float32Array.from(vector).buffer).toString('base64')
    data.push({ object: 'embedding', index, embedding })
  }
  reply.json(200, { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } })
}

const inputsShape =
  (token: Shape<number>): Shape<readonly (string | readonly number[])[]> =>
  (v, path = 'input') => {
    const tokens = list(token, MAX_CHARACTERS, 1)
    if (!Array.isArray(v)) return [text(MAX_CHARACTERS)(v, path)]
    if (typeof v[0] === 'number') return [tokens(v, path)]
    const one: Shape<string | readonly number[]> = (x, at) =>
      Array.isArray(x) ? tokens(x, at) : text(MAX_CHARACTERS)(x, at)
    return list(one, MAX_INPUTS, 1)(v, path)
  }

function normalised(vector: Float64Array): Float64Array {
  const length = Math.hypot(...vector)
  return length === 0 ? vector : vector.map((x) => x / length)
}
