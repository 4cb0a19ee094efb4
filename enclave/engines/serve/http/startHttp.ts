import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { fail } from '../errors.ts'
import { chat } from '../openai/chat.ts'
import { completions } from '../openai/completions.ts'
import { embeddings } from '../openai/embeddings.ts'
import { listModels } from '../openai/listModels.ts'
import type { Served } from '../served.ts'
import { type Reply, replyTo } from './reply.ts'
import { statusOf } from './statusOf.ts'

const MAX_BODY_BYTES = 4 << 20
const MAX_CONNECTIONS = 1024
const MAX_HEADER_BYTES = 16_384
const REQUEST_MS = 30_000
const STOP_MS = 2_000

type Handler = (served: Served, body: unknown, reply: Reply) => Promise<void> | void

const ROUTES: Readonly<Record<string, Handler>> = {
  'POST /v1/chat/completions': chat,
  'POST /v1/completions': completions,
  'POST /v1/embeddings': embeddings,
  'GET /v1/models': (served, _, reply) => reply.json(200, listModels(served)),
  'GET /health': (_, __, reply) => reply.json(200, { status: 'ok' }),
}

/** Listens on a unix socket; resolves once it accepts. */
export async function startHttp(served: Served, socketPath: string): Promise<{ stop(): Promise<void> }> {
  const open = new Set<ServerResponse>()
  const server = createServer({ requestTimeout: REQUEST_MS, maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    open.add(response)
    response.on('close', () => open.delete(response))
    const reply = replyTo(response)
    handle(served, request, response, reply).catch((cause: unknown) => {
      if (reply.signal.aborted) return
      const { status, document } = statusOf(cause)
      reply.error(status, document)
    })
  })
  server.maxConnections = MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, resolve)
  })
  return {
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await served.scheduler.stop()
      // Everybody is told why; who does not read it in time is cut off.
      const told = [...open].map((response) => new Promise((resolve) => response.on('close', resolve)))
      const patience = setTimeout(() => server.closeAllConnections(), STOP_MS)
      await Promise.all(told)
      clearTimeout(patience)
      server.closeAllConnections()
      await closed
    },
  }
}

async function handle(served: Served, request: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
  const path = (request.url ?? '').split('?')[0] ?? ''
  const route = ROUTES[`${request.method} ${path}`]
  if (route === undefined) throw fail('unknown-route', { actual: `${request.method} ${path.slice(0, 100)}` })
  const body = request.method === 'POST' ? parse(await readBody(request, response)) : undefined
  await route(served, body, reply)
}

/** Reads a bounded body. One that is too large is left unread, so that the refusal can still be sent. */
function readBody(request: IncomingMessage, response: ServerResponse): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let length = 0
    request.on('data', (part: Buffer) => {
      length += part.length
      if (length <= MAX_BODY_BYTES) return void parts.push(part)
      request.pause()
      response.setHeader('connection', 'close')
      reject(fail('body-too-large', { expected: MAX_BODY_BYTES }))
    })
    request.on('end', () => resolve(Buffer.concat(parts)))
    request.on('close', () => reject(fail('bad-request', { expected: 'a whole body' })))
  })
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw fail('bad-request', { expected: 'JSON', cause })
  }
}
