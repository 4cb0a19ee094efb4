/** What a gateway carries at most. Every wait and every size has a bound. */
export type GatewayLimits = {
  /** Requests and TLS connections under way, in all. */
  readonly active: number
  /** On one route. */
  readonly activePerRoute: number
  readonly headBytes: number
  readonly requestBytes: number
  readonly responseBytes: number
  /** From a request to the head of its answer. */
  readonly headMs: number
  /** The longest silence on anything under way. */
  readonly idleMs: number
  /** The longest exchange. */
  readonly exchangeMs: number
  /** Connecting to an enclave's provider. */
  readonly connectMs: number
  /** From a connection to its whole ClientHello. */
  readonly helloMs: number
  /** How long `stop` waits for what is under way. */
  readonly stopMs: number
}

export const LIMITS: GatewayLimits = {
  active: 1024,
  activePerRoute: 256,
  headBytes: 16 * 1024,
  requestBytes: 16 * 1024 * 1024,
  responseBytes: 1024 * 1024 * 1024,
  headMs: 120_000,
  idleMs: 120_000,
  exchangeMs: 3_600_000,
  connectMs: 10_000,
  helloMs: 10_000,
  stopMs: 5_000,
}
