import { type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { fail } from '../errors.ts'

/** What an engine answered: streamed as it comes. */
export type EngineAnswer = {
  readonly status: number
  readonly contentType: string
  readonly body: AsyncIterable<Uint8Array>
}

export type EngineCall = {
  readonly method: string
  readonly path: string
  readonly body: Uint8Array
  readonly signal: AbortSignal
  /** How long nothing may come from the engine, or go to whoever reads its answer. */
  readonly idleMs?: number
}

/** A long prompt may take minutes before its first token comes. */
const IDLE_MS = 180_000

/**
 * One request to the engine's socket. The engine sees path and body, never who asks. One that hangs, or is held while the
 * lease is, does not hold its request for ever.
 * @throws runtime/engine-silent, also from the body
 */
export function callEngine(
  socketPath: string,
  { method, path, body, signal, idleMs = IDLE_MS }: EngineCall,
): Promise<EngineAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      socketPath,
      method,
      path,
      signal,
      headers: { 'content-type': 'application/json', 'content-length': body.length },
    })
    let answer: IncomingMessage | null = null
    outgoing.setTimeout(idleMs, () =>
      (answer ?? outgoing).destroy(fail('engine-silent', { expected: `something within ${idleMs} ms` })),
    )
    outgoing.once('error', reject)
    outgoing.once('response', (incoming) => {
      answer = incoming
      resolve({
        status: incoming.statusCode ?? 502,
        contentType: incoming.headers['content-type'] ?? 'application/json',
        body: Readable.from(incoming) as AsyncIterable<Uint8Array>,
      })
    })
    outgoing.end(body)
  })
}
