import type { IncomingMessage, ServerResponse } from 'node:http'
import { AllodError, type Json } from '@allod/protocol'
import { fail } from '../errors.ts'

/** One call of an API: what was asked, already read. */
export type Call = {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly body: unknown
  readonly signal: AbortSignal
}

/** An answer: JSON, or lines that come as they happen. */
export type Answer = { readonly json: Json } | { readonly lines: AsyncIterable<Json> }

const MAX_BODY_BYTES = 4 << 20
/** How long a reader may take for what is on its way to it, some hundred kilobytes at most. */
const READ_MS = 60_000

const statuses: Readonly<Record<string, number>> = {
  'provider/not-found': 404,
  'provider/order-unknown': 404,
  'provider/body-too-large': 413,
  'provider/busy': 503,
}

/** Turns a function of calls into a node:http handler: bounded bodies, typed errors as JSON. */
export function serveJson(
  answer: (call: Call) => Promise<Answer>,
  { readMs = READ_MS }: { readonly readMs?: number } = {},
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    handle(request, response, answer, readMs).catch((error: unknown) => {
      const known =
        error instanceof AllodError ? error : new AllodError('provider/internal', 'the provider failed', 'see its log')
      // Who breaks a request off fills no log.
      if (!(error instanceof AllodError) && request.errored !== error)
        process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
      if (response.headersSent) response.destroy()
      else send(response, statuses[known.code] ?? 400, known.toJSON() as unknown as Json)
    })
  }
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (call: Call) => Promise<Answer>,
  readMs: number,
): Promise<void> {
  const url = URL.parse(request.url ?? '/', 'http://provider')
  if (url === null) throw fail('not-found')
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const body = request.method === 'POST' ? parsed(await readBody(request)) : null
  const result = await answer({
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    body,
    signal: gone.signal,
  })
  if ('json' in result) return send(response, 200, result.json)
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  for await (const line of result.lines) {
    if (gone.signal.aborted) break
    if (!response.write(`${JSON.stringify(line)}\n`)) await drained(response, readMs)
  }
  response.end()
}

/** Resolves when there is room, or nobody left to read: a reader that does not is taken off. */
function drained(response: ServerResponse, readMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => response.destroy(), readMs)
    const go = (): void => {
      clearTimeout(timer)
      response.off('drain', go)
      response.off('close', go)
      resolve()
    }
    response.on('drain', go)
    response.on('close', go)
  })
}

// What is not JSON is nothing, and every shape refuses nothing as protocol/bad-shape.
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request) {
    size += part.length
    if (size > MAX_BODY_BYTES) throw fail('body-too-large', { expected: MAX_BODY_BYTES })
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8') || 'null'
}

function send(response: ServerResponse, status: number, json: Json): void {
  const bytes = Buffer.from(JSON.stringify(json))
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length })
  response.end(bytes)
}
