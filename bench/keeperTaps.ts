import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { startProxy } from '@allod/e2e/proxy'

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
  readonly close: () => Promise<void>
}

/** Asks a keeper over a connection of its own, as a provider's relay does. */
export async function askKeeper(keeper: string, path: string, body: string): Promise<Answer> {
  const headers = { 'content-length': Buffer.byteLength(body) }
  const outgoing = request(`${keeper}${path}`, { method: 'POST', headers, agent: false }).end(body)
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  return { status: incoming.statusCode ?? 0, body: await text(incoming) }
}

/** Opens a tap before each keeper. */
export async function openTaps(keepers: readonly string[]): Promise<Taps> {
  const gates = new Map<string, { readonly arrives: (body: string) => void; readonly opened: Promise<void> }>()
  const servers = await Promise.all(
    keepers.map((keeper) =>
      startProxy(keeper, async ({ path, body }, forward) => {
        const gate = gates.get(path)
        gate?.arrives(body.toString('utf8'))
        await gate?.opened
        return forward()
      }),
    ),
  )
  return {
    urls: servers.map(({ url }) => url),
    hold(path) {
      const [arrived, opened] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()]
      gates.set(path, { arrives: arrived.resolve, opened: opened.promise })
      return { body: arrived.promise, release: opened.resolve }
    },
    async close() {
      for (const { stop } of servers) await stop()
    },
  }
}
