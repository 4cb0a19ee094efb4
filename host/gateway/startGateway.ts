import { lstatSync, rmSync } from 'node:fs'
import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { adminApi } from './adminApi.ts'
import { type GatewayLimits, LIMITS } from './limits.ts'
import { type Load, proxyHttp } from './proxyHttp.ts'
import { RouteTable } from './RouteTable.ts'
import { routeTls } from './routeTls.ts'

export type GatewayOptions = {
  /** 0 for any free one. */
  readonly port: number
  /** 0 for any free one; null for no TLS. */
  readonly tlsPort: number | null
  readonly host: string
  /** Unix socket on which providers register routes. */
  readonly admin: string
  /** Where routes are kept across restarts; null for nowhere. */
  readonly state: string | null
  /** TLS names are `<base32 of order id>.<domain>`. */
  readonly domain: string
  readonly limits?: Partial<GatewayLimits>
  /** Told of failures of the gateway itself; never of what it carries. */
  readonly log?: (error: unknown) => void
}

export type RunningGateway = { readonly port: number; readonly tlsPort: number | null; stop(): Promise<void> }

/**
 * Starts a gateway: it finds the enclave that a request is for and carries bytes, which it cannot read, both ways.
 * @throws the system's error where a port or socket cannot be had
 */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const limits = { ...LIMITS, ...options.limits }
  const { host, domain, log } = options
  const routes = new RouteTable(options.state)
  try {
    routes.load()
  } catch (error) {
    log?.(error)
  }
  const load: Load = { active: 0 }
  const http = newHttpServer(limits, (request, response) => proxyHttp(request, response, { routes, limits, load }))
  const admin = newHttpServer(limits, (request, response) => adminApi(request, response, routes))
  const tlsSockets = new Set<Socket>()
  const tls = createTcpServer({ allowHalfOpen: true }, (socket) => {
    tlsSockets.add(socket)
    socket.setTimeout(limits.idleMs, () => socket.destroy())
    socket.once('close', () => tlsSockets.delete(socket))
    void routeTls(socket, { routes, limits, load, domain })
  })
  tls.maxConnections = limits.active
  if (lstatSync(options.admin, { throwIfNoEntry: false })?.isSocket()) rmSync(options.admin)
  // The socket is the provider's alone from its first moment.
  const mask = process.umask(0o177)
  try {
    await listen(admin, { path: options.admin })
  } finally {
    process.umask(mask)
  }
  await listen(http, { host, port: options.port })
  if (options.tlsPort !== null) await listen(tls, { host, port: options.tlsPort })
  return {
    port: (http.address() as AddressInfo).port,
    tlsPort: options.tlsPort === null ? null : (tls.address() as AddressInfo).port,
    stop: () => stop([http, admin], tls, tlsSockets, limits.stopMs),
  }
}

function newHttpServer(
  limits: GatewayLimits,
  listener: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): HttpServer {
  const server = createHttpServer(
    { maxHeaderSize: limits.headBytes },
    (request, response) => void listener(request, response),
  )
  server.maxConnections = 2 * limits.active
  server.headersTimeout = limits.helloMs
  server.requestTimeout = limits.exchangeMs
  server.keepAliveTimeout = 5_000
  return server
}

async function listen(server: Server, where: { path: string } | { host: string; port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, () => resolve())
  })
}

/** What is under way may finish; after `stopMs` it may not. */
async function stop(
  https: readonly HttpServer[],
  tls: Server,
  tlsSockets: ReadonlySet<Socket>,
  stopMs: number,
): Promise<void> {
  const closed = [...https, tls].map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
  for (const server of https) server.closeIdleConnections()
  const timer = setTimeout(() => {
    for (const server of https) server.closeAllConnections()
    for (const socket of tlsSockets) socket.destroy()
  }, stopMs)
  await Promise.all(closed)
  clearTimeout(timer)
}
