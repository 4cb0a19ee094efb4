import { type ClientRequest, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { discardRest } from '@allod/channel/node'
import { AllodError } from '@allod/protocol'
import { carry } from './carry.ts'
import { cors, GENERATION_HEADER, ORDER_HEADER } from './cors.ts'
import { fail, statusOf } from './errors.ts'
import type { GatewayLimits } from './limits.ts'
import { parsePath } from './parsePath.ts'
import { addressOf, type LiveRoute, type RouteTable } from './RouteTable.ts'

/** Nothing else of a request or an answer is carried: no cookies, no credentials, no addresses. */
const REQUEST_FIELDS = ['content-type', 'content-length', 'accept']
const RESPONSE_FIELDS = ['content-type', 'content-length', 'cache-control', 'retry-after']

/** What is under way in the whole gateway. */
export type Load = { active: number }

/** Answers one request by carrying it, unread, to the enclave its path names. Never throws; failures are answered. */
export async function proxyHttp(
  request: IncomingMessage,
  response: ServerResponse,
  { routes, limits, load }: { readonly routes: RouteTable; readonly limits: GatewayLimits; readonly load: Load },
): Promise<void> {
  if (cors(request, response)) return
  let route: LiveRoute | null = null
  let outgoing: ClientRequest | null = null
  load.active += 1
  const timer = setTimeout(() => response.destroy(), limits.exchangeMs)
  try {
    if (request.method !== 'GET' && request.method !== 'POST') throw fail('method-not-allowed')
    const asked = parsePath(request.url ?? '', request.headers[GENERATION_HEADER] as string | undefined)
    if (load.active > limits.active) throw fail('busy', { expected: limits.active })
    route = routes.find(asked.orders, asked.generation)
    if (route === null) throw fail('unknown-order', { meta: { generation: asked.generation } })
    route.active += 1
    if (route.active > limits.activePerRoute) throw fail('busy', { expected: limits.activePerRoute })
    if (Number(request.headers['content-length'] ?? 0) > limits.requestBytes)
      throw fail('body-too-large', { expected: limits.requestBytes })
    outgoing = ask(request, route, asked.path)
    response.once('close', () => outgoing?.destroy())
    const [incoming] = await Promise.all([
      head(outgoing, limits),
      carry(request, outgoing, { maxBytes: limits.requestBytes, idleMs: limits.idleMs }),
    ])
    response.setHeader(ORDER_HEADER, route.order)
    response.setHeader(GENERATION_HEADER, String(route.generation))
    response.writeHead(incoming.statusCode ?? 502, pick(incoming, RESPONSE_FIELDS))
    response.flushHeaders()
    await carry(incoming, response, { maxBytes: limits.responseBytes, idleMs: limits.idleMs })
  } catch (error) {
    outgoing?.destroy()
    await refuse(request, response, error)
  } finally {
    clearTimeout(timer)
    load.active -= 1
    if (route) route.active -= 1
  }
}

/** Answers with the error where nothing was answered yet; else breaks off, so that nobody takes a part for the whole. */
export async function refuse(request: IncomingMessage, response: ServerResponse, cause: unknown): Promise<void> {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const error = cause instanceof AllodError ? cause : fail('unreachable', { cause })
  const body = JSON.stringify(error)
  response.writeHead(statusOf(error), {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    // What is left of the request is not read as another one.
    connection: 'close',
    ...(error.code === 'gateway/busy' ? { 'retry-after': '1' } : {}),
  })
  response.write(body)
  await discardRest(request)
  response.end()
}

function ask(request: IncomingMessage, route: LiveRoute, path: string): ClientRequest {
  const address = addressOf(route.target)
  return httpRequest({
    ...('path' in address ? { socketPath: address.path } : address),
    method: request.method,
    path,
    headers: { host: 'enclave', ...pick(request, REQUEST_FIELDS) },
    // A kept connection could be dropped by its other end just when a request that cannot be repeated is sent on it.
    agent: false,
  })
}

/** The head of the enclave's answer. @throws gateway/unreachable, gateway/timeout */
function head(outgoing: ClientRequest, limits: GatewayLimits): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const late = (expected: number) => (): void => reject(fail('timeout', { expected }))
    const timer = setTimeout(late(limits.headMs), limits.headMs)
    const connecting = setTimeout(late(limits.connectMs), limits.connectMs)
    outgoing.once('socket', (socket) => socket.once('connect', () => clearTimeout(connecting)))
    const settle = (): void => {
      clearTimeout(timer)
      clearTimeout(connecting)
    }
    outgoing.once('response', (incoming) => {
      settle()
      resolve(incoming)
    })
    outgoing.on('error', (cause) => {
      settle()
      reject(fail('unreachable', { cause }))
    })
    outgoing.once('close', () => {
      settle()
      reject(fail('unreachable'))
    })
  })
}

function pick(message: IncomingMessage, names: readonly string[]): Record<string, string> {
  const out: Record<string, string> = {}
  for (const name of names) {
    const value = message.headers[name]
    if (typeof value === 'string') out[name] = value
  }
  return out
}
