import type { IncomingMessage, ServerResponse } from 'node:http'
import { fail } from './errors.ts'
import { refuse } from './proxyHttp.ts'
import type { RouteTable } from './RouteTable.ts'

const MAX_BODY_BYTES = 4096

/**
 * `GET /routes`, `PUT` and `DELETE /routes/<order id>/<generation>`, for the providers of this machine: whoever may
 * open the socket may route. PUT takes `{"target", "tlsTarget"?}`; a route is forgotten unless it is put again.
 */
export async function adminApi(request: IncomingMessage, response: ServerResponse, routes: RouteTable): Promise<void> {
  try {
    if (request.method === 'GET' && request.url === '/routes') return answer(response, { routes: routes.list() })
    const match = /^\/routes\/(0x[0-9a-f]{64})\/([0-9]{1,10})$/.exec(request.url ?? '')
    if (match === null) throw fail('unknown-path', { expected: '/routes/<order id>/<generation>' })
    const order = match[1] as `0x${string}`
    const generation = Number(match[2])
    if (request.method === 'PUT') {
      const { target, tlsTarget = null, ...rest } = await readJson(request)
      routes.put({ ...rest, order, generation, target, tlsTarget })
      return answer(response, { ok: true })
    }
    if (request.method !== 'DELETE') throw fail('method-not-allowed', { hint: 'use GET, PUT or DELETE' })
    if (!routes.remove(order, generation)) throw fail('unknown-order')
    answer(response, { ok: true })
  } catch (error) {
    await refuse(request, response, error)
  }
}

function answer(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    bytes += part.length
    if (bytes > MAX_BODY_BYTES) throw fail('body-too-large', { expected: MAX_BODY_BYTES })
    parts.push(part)
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch (cause) {
    throw fail('bad-route', { cause })
  }
  throw fail('bad-route', { expected: 'a JSON object' })
}
