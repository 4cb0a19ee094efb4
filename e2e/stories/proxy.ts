import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Asked = { readonly method: string; readonly path: string; readonly body: Buffer<ArrayBuffer> }
export type Answered = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer<ArrayBuffer>
}

/** Decides what comes back for a request; null cuts the line. */
export type Through = (asked: Asked, forward: () => Promise<Answered>) => Promise<Answered | null>

export type StandIn = { readonly url: string; readonly stop: () => Promise<void> }

/**
 * A server in front of another of the network's.
 * @param upstream base URL of the one behind it
 * @param port where it listens; any free one unless told
 */
export async function startProxy(upstream: string, through: Through, port = 0): Promise<StandIn> {
  const server = createServer(async (request, response) => {
    try {
      const [method, path] = [request.method ?? 'GET', request.url ?? '/']
      const hasBody = method !== 'GET' && method !== 'HEAD'
      const body = hasBody ? await bodyOf(request) : Buffer.alloc(0)
      const forward = async (): Promise<Answered> => {
        const headers = endToEnd(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
        const answer = await fetch(`${upstream}${path}`, { method, headers, ...(hasBody ? { body } : {}) })
        const got = Buffer.from(await answer.arrayBuffer())
        return { status: answer.status, headers: endToEnd([...answer.headers]), body: got }
      }
      const answer = await through({ method, path, body }, forward)
      if (answer === null) response.destroy()
      else response.writeHead(answer.status, answer.headers).end(answer.body)
    } catch {
      response.destroy()
    }
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const HOP = /^(host|connection|content-length|transfer-encoding|expect)$/

const endToEnd = (headers: readonly (readonly [string, string])[]): Record<string, string> =>
  Object.fromEntries(headers.filter(([name]) => !HOP.test(name)))

async function bodyOf(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  return Buffer.concat(pieces)
}
