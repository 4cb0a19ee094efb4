import { fromUtf8, type Terms, utf8 } from '@allod/protocol'
import { fail } from '../errors.ts'
import { promptTokens } from './promptTokens.ts'
import type { Cost } from './Quotas.ts'

/** A body that policies allow, and what answering it may cost at most. */
export type ReadBody = {
  /** What a receipt is for: what was asked, with the usage, which quotas need. */
  readonly asked: Uint8Array
  readonly cost: Cost
  /** What the engine gets: as asked, but for no longer answers than these many tokens each. */
  readonly toEngine: (maxTokens: number) => Uint8Array
}

/** What the API itself gives where a completion does not say. */
const COMPLETION_TOKENS = 16
/** How long an answer may be where neither its request nor the job says. */
const UNSTATED_TOKENS = 4096

/**
 * Reads a request before the engine sees it. A prompt is held to have as many tokens as can come of it, or of a shape that is
 * not known as many as its body has bytes; what did not come of it is given back when the answer is over.
 * @param unstated how long an answer to a chat may be that does not say
 * @throws runtime/body-refused, runtime/policy-forbids
 */
export function readBody(
  given: Uint8Array,
  path: string,
  { serving, unstated }: { readonly serving: Terms['serving']; readonly unstated: unknown },
): ReadBody {
  const body = jsonObject(given)
  const wantsLogprobs = body.logprobs !== undefined && body.logprobs !== false && body.logprobs !== null
  if (wantsLogprobs && !serving.logprobs) throw fail('policy-forbids', { meta: { clause: 'serving.logprobs' } })
  const prompt = promptTokens(body, path, given.length)
  if (path === '/v1/embeddings') {
    if (!serving.embeddings) throw fail('policy-forbids', { meta: { clause: 'serving.embeddings' } })
    const asked = utf8(JSON.stringify(body))
    return { asked, cost: { prompt, answers: 0, wanted: 0 }, toEngine: () => asked }
  }
  const sent = body.stream === true ? { ...body, stream_options: { include_usage: true } } : body
  const stated = ['max_tokens', 'max_completion_tokens'].filter((name) => isThere(body[name]))
  const otherwise = path === '/v1/completions' ? COMPLETION_TOKENS : isCount(unstated) ? unstated : UNSTATED_TOKENS
  const wanted = stated.length === 0 ? otherwise : Math.max(...stated.map((name) => count(body, name)))
  const choices = Math.max(count(body, 'n'), count(body, 'best_of'))
  return {
    asked: utf8(JSON.stringify(sent)),
    cost: { prompt, answers: choices * promptsOf(body.prompt), wanted },
    toEngine: (maxTokens) => {
      const names = stated.length === 0 ? ['max_tokens'] : stated
      const cut = names.map((name) => [name, Math.min(maxTokens, isThere(body[name]) ? count(body, name) : wanted)])
      return utf8(JSON.stringify({ ...sent, ...Object.fromEntries(cut) }))
    },
  }
}

function jsonObject(given: Uint8Array): Record<string, unknown> {
  let body: unknown
  try {
    body = JSON.parse(fromUtf8(given))
  } catch (cause) {
    throw fail('body-refused', { cause })
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw fail('body-refused', { expected: 'a JSON object' })
  return body as Record<string, unknown>
}

const isThere = (value: unknown): boolean => value !== undefined && value !== null

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= 1 << 20

/** How many a field asks for; one where it does not. */
function count(body: Record<string, unknown>, name: string): number {
  const value = body[name] ?? 1
  if (!isCount(value)) throw fail('body-refused', { expected: 'an integer from 1 to 1048576', meta: { param: name } })
  return value
}

// A list of token ids is one prompt; of an empty one the engine says what is wrong.
const promptsOf = (prompt: unknown): number =>
  Array.isArray(prompt) && typeof prompt[0] !== 'number' ? Math.max(1, prompt.length) : 1
