import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** What a keeper answered. */
export type Answer = { readonly status: number; readonly body: string }

/** Requests of one path that are kept back. */
export type Held = {
  /** What the first of them asks. */
  readonly body: Promise<string>
  /** Lets these and all later ones pass. */
  readonly release: () => void
}

/** Servers that stand before keepers and pass everything on, but for what is kept back. */
export type Taps = {
  readonly urls: readonly string[]
  readonly hold: (path: string) => Held
  readonly close: () => void
}

/** Asks a keeper over a connection of its own, as a provider's relay does. */
export async function askKeeper(keeper: string, path: string, body: string, method = 'POST'): Promise<Answer> {
  const headers = { 'content-length': Buffer.byteLength(body) }
  const outgoing = request(`${keeper}${path}`, { method, headers, agent: false }).end(body)
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  return { status: incoming.statusCode ?? 0, body: await text(incoming) }
}

/** Opens a tap before each keeper. */
export async function openTaps(keepers: readonly string[]): Promise<Taps> {
  const gates = new Map<string, { readonly arrives: (body: string) => void; readonly opened: Promise<void> }>()
  const pass = async (keeper: string, incoming: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const { url = '', method = 'GET' } = incoming
    const asked = await text(incoming)
    const gate = gates.get(url)
    gate?.arrives(asked)
    await gate?.opened
    const { status, body } = await askKeeper(keeper, url, asked, method)
    reply.writeHead(status, { 'content-type': 'application/json' }).end(body)
  }
  const servers = keepers.map((keeper) =>
    createServer((incoming, reply) => void pass(keeper, incoming, reply).catch(() => reply.destroy())),
  )
  await Promise.all(servers.map((server) => once(server.listen(0, '127.0.0.1'), 'listening')))
  return {
    urls: servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    hold(path) {
      const [arrived, opened] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()]
      gates.set(path, { arrives: arrived.resolve, opened: opened.promise })
      return { body: arrived.promise, release: opened.resolve }
    },
    close() {
      for (const server of servers) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}
