import { createServer, type IncomingMessage } from 'node:http'

/** A server in somebody's place that passes everything on to an honest one and changes what comes back. */
export type Liar = { readonly lies: () => number; readonly stop: () => Promise<void> }

/**
 * @param port the port of the one it stands in for
 * @param honest base URL of a server of the same kind
 * @param change what it makes of each body; the same bytes where it tells the truth
 */
export async function startLiar(
  port: number,
  honest: string,
  change: (body: Buffer<ArrayBuffer>, path: string) => Buffer<ArrayBuffer>,
): Promise<Liar> {
  let lies = 0
  const server = createServer(async (request, response) => {
    try {
      const method = request.method ?? 'GET'
      const hasBody = method !== 'GET' && method !== 'HEAD'
      const headers = Object.entries(request.headers).flatMap(([name, value]) =>
        ['host', 'connection', 'content-length', 'transfer-encoding', 'expect'].includes(name) || value === undefined
          ? []
          : [[name, String(value)] as [string, string]],
      )
      const answer = await fetch(`${honest}${request.url}`, {
        ...{ method, headers },
        ...(hasBody ? { body: await bodyOf(request) } : {}),
      })
      const truth = Buffer.from(await answer.arrayBuffer())
      const told = answer.ok ? change(truth, request.url ?? '') : truth
      if (!told.equals(truth)) lies++
      const kept = [...answer.headers].filter(([name]) => !/^(content-length|transfer-encoding|connection)$/.test(name))
      response.writeHead(answer.status, Object.fromEntries(kept)).end(told)
    } catch {
      response.destroy()
    }
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return {
    lies: () => lies,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** The same bytes but one, in the middle. */
export function oneByteOff(bytes: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  const changed = Buffer.from(bytes)
  const at = Math.floor(changed.length / 2)
  if (changed.length > 0) changed[at] = (changed[at] as number) ^ 1
  return changed
}

/** JSON with the last digit of each long hexadecimal or base64 text replaced: it parses, and nothing in it holds. */
export const otherSecrets = (body: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> =>
  Buffer.from(
    body
      .toString('utf8')
      .replace(/"((?:0x)?[\w-]{60,})([\w-])"/g, (_, head, last) => `"${head}${last === '0' ? '1' : '0'}"`),
  )
