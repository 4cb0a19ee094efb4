import { request } from 'node:http'
import { Readable } from 'node:stream'

/** What an engine answered: streamed as it comes. */
export type EngineAnswer = {
  readonly status: number
  readonly contentType: string
  readonly body: AsyncIterable<Uint8Array>
}

/** One request to the engine's socket. The engine sees path and body, never who asks. */
export function callEngine(
  socketPath: string,
  {
    method,
    path,
    body,
    signal,
  }: { readonly method: string; readonly path: string; readonly body: Uint8Array; readonly signal: AbortSignal },
): Promise<EngineAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      socketPath,
      method,
      path,
      signal,
      headers: { 'content-type': 'application/json', 'content-length': body.length },
    })
    outgoing.once('error', reject)
    outgoing.once('response', (incoming) =>
      resolve({
        status: incoming.statusCode ?? 502,
        contentType: incoming.headers['content-type'] ?? 'application/json',
        body: Readable.from(incoming) as AsyncIterable<Uint8Array>,
      }),
    )
    outgoing.end(body)
  })
}
