import { AllodError, errorFromJson, type Json, type Shape } from '@allod/protocol'
import type { Allod } from '../allod.ts'
import { fail } from '../errors.ts'

export type AskOptions = {
  /** Sent with POST; without it the request is a GET. */
  readonly body?: Json
  readonly timeoutMs?: number
  readonly maxBytes?: number
  readonly signal?: AbortSignal | undefined
}

/**
 * One question to an HTTP peer, its answer parsed. Redirects are refused, sizes and times bounded.
 * @throws the peer's own typed error, sdk/unreachable, sdk/bad-answer
 */
export async function askJson<T>(
  { fetch }: Pick<Allod, 'fetch'>,
  url: string,
  shape: Shape<T>,
  { body, timeoutMs = 15_000, maxBytes = 8 << 20, signal }: AskOptions = {},
): Promise<T> {
  const limit = AbortSignal.timeout(timeoutMs)
  const post = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  let answer: unknown
  let isOk: boolean
  try {
    const response = await fetch(url, {
      ...post,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' } }),
      redirect: 'error',
      signal: signal ? AbortSignal.any([limit, signal]) : limit,
    })
    isOk = response.ok
    answer = await readJson(response, maxBytes)
  } catch (cause) {
    if (cause instanceof AllodError) throw cause
    throw fail('unreachable', { cause, actual: url })
  }
  if (!isOk) throw errorFromJson(answer)
  return shape(answer)
}

async function readJson(response: Response, maxBytes: number): Promise<unknown> {
  const parts: string[] = []
  let size = 0
  for await (const part of piecesOf(response)) {
    size += part.length
    if (size > maxBytes) throw fail('bad-answer', { expected: `at most ${maxBytes} bytes` })
    parts.push(part)
  }
  try {
    return JSON.parse(parts.join(''))
  } catch (cause) {
    throw fail('bad-answer', { cause, expected: 'JSON', actual: parts.join('').slice(0, 100) })
  }
}

async function* piecesOf({ body }: Response): AsyncGenerator<string, void> {
  const reader = body
    ?.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
    .getReader()
  if (reader === undefined) return
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

const MAX_LINE = 1 << 20

/** The lines of a streamed body, each parsed as JSON. @throws sdk/bad-answer */
export async function* jsonLines(response: Response): AsyncGenerator<unknown, void> {
  let rest = ''
  for await (const piece of piecesOf(response)) {
    rest += piece
    if (rest.length > MAX_LINE) throw fail('bad-answer', { expected: `lines of at most ${MAX_LINE} characters` })
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n')) {
      const line = rest.slice(0, end)
      rest = rest.slice(end + 1)
      try {
        yield JSON.parse(line)
      } catch (cause) {
        throw fail('bad-answer', { cause, expected: 'JSON', actual: line.slice(0, 100) })
      }
    }
  }
}
