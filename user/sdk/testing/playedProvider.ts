import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { fromUtf8, type Hex, isAllodError, type Json, type OrderEvent } from '@allod/protocol'

/** A provider, keepers and a gateway as far as a test plays them: what it answers is set by path. */
export type PlayedProvider = {
  readonly url: string
  /** Jobs received, by order. */
  readonly jobs: Map<Hex, Json>
  /** Tells an event to whoever listens. */
  readonly tell: (event: OrderEvent) => void
  /** Cuts every open connection, as a network does. */
  readonly cut: () => void
  /** What a path answers, in JSON or in bytes as they come. */
  readonly answers: Map<string, (body: Uint8Array, query: URLSearchParams) => Promise<Json | AsyncIterable<Uint8Array>>>
  readonly stop: () => Promise<void>
}

/** Starts it on a port of its own. */
export async function playProvider(): Promise<PlayedProvider> {
  const jobs = new Map<Hex, Json>()
  const events: OrderEvent[] = []
  const listeners = new Set<{ readonly response: ServerResponse; readonly order: string }>()
  const answers: PlayedProvider['answers'] = new Map()
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://played')
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = new Uint8Array(Buffer.concat(parts))
    const [, order, what] = /^\/orders\/(0x[0-9a-f]{64})\/(events)$/.exec(url.pathname) ?? []
    if (request.method === 'POST' && url.pathname === '/orders') {
      const job = JSON.parse(fromUtf8(body)) as { order: Hex } & Json
      jobs.set(job.order, job)
      return reply(response, 200, { order: job.order })
    }
    const answer = answers.get(url.pathname)
    if (answer !== undefined) {
      try {
        const said = await answer(body, url.searchParams)
        if (!isStream(said)) return reply(response, 200, said)
        for await (const piece of said) response.write(piece)
        return void response.end()
      } catch (error) {
        if (isAllodError(error)) return reply(response, 400, error.toJSON() as unknown as Json)
        response.destroy(error as Error)
        return
      }
    }
    if (what !== 'events' || !jobs.has(order as Hex))
      return reply(response, 404, { code: 'provider/not-found', message: 'nothing here', hint: 'none', meta: {} })
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    const after = Number(url.searchParams.get('after'))
    for (const event of events) if (event.order === order && event.seq > after) write(response, event)
    const listener = { response, order: order as string }
    listeners.add(listener)
    response.once('close', () => listeners.delete(listener))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    jobs,
    answers,
    tell(event) {
      events.push(event)
      for (const { response, order } of listeners) if (order === event.order) write(response, event)
    },
    cut() {
      for (const { response } of listeners) response.destroy()
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const isStream = (value: Json | AsyncIterable<Uint8Array>): value is AsyncIterable<Uint8Array> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

const write = (response: ServerResponse, event: OrderEvent): void => void response.write(`${JSON.stringify(event)}\n`)

function reply(response: ServerResponse, status: number, json: Json): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
}
