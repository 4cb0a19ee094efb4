import { createServer, type Server } from 'node:http'
import { type Answer, type Call, serveJson } from './serveJson.ts'

/** What a provider's public side carries at most. Every wait has a bound, but for a reader that waits for events. */
type PublicLimits = {
  readonly connections: number
  readonly headBytes: number
  /** From a connection to the whole head of its request. */
  readonly headMs: number
  /** From a request's beginning to its whole body. */
  readonly requestMs: number
  /** Between two requests of a connection. */
  readonly idleMs: number
  /** How often the first two are looked at. */
  readonly lookEveryMs: number
  /** Silence after which it is asked whether the other machine is still there. */
  readonly aliveMs: number
}

const LIMITS: PublicLimits = {
  connections: 1024,
  headBytes: 16 * 1024,
  headMs: 10_000,
  requestMs: 120_000,
  idleMs: 5_000,
  lookEveryMs: 5_000,
  aliveMs: 60_000,
}

/** The server that strangers reach: an API over HTTP within limits. */
export function publicServer(
  answer: (call: Call) => Promise<Answer>,
  { limits: change, ...options }: { readonly limits?: Partial<PublicLimits>; readonly readMs?: number } = {},
): Server {
  const limits = { ...LIMITS, ...change }
  const server = createServer(
    {
      maxHeaderSize: limits.headBytes,
      headersTimeout: limits.headMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: limits.lookEveryMs,
      // A stream may be silent for as long as its order is; a machine that is gone says nothing either.
      keepAlive: true,
      keepAliveInitialDelay: limits.aliveMs,
    },
    serveJson(answer, options),
  )
  server.maxConnections = limits.connections
  return server
}
