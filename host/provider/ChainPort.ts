import type { BeatRequest, FailRequest, Hex, OrderTerms, ReportRequest, StartRequest } from '@allod/protocol'

/** What the provider needs to know of an order on chain. */
export type OrderOnChain = {
  readonly state: 'none' | 'open' | 'active' | 'ended'
  readonly generation: number
  readonly enclave: Hex
  readonly isReported: boolean
  /** Unix seconds; end of the term, 0 before the start. */
  readonly endsAt: number
}

/** The provider's dealings with the chain. Every write waits until its transaction is in a block. */
export type ChainPort = {
  readonly order: (id: Hex) => Promise<OrderOnChain>
  readonly start: (terms: OrderTerms, request: StartRequest) => Promise<void>
  readonly rebind: (terms: OrderTerms, request: StartRequest) => Promise<void>
  readonly beat: (terms: OrderTerms, request: BeatRequest) => Promise<void>
  readonly report: (terms: OrderTerms, request: ReportRequest) => Promise<void>
  readonly fail: (terms: OrderTerms, request: FailRequest) => Promise<void>
  readonly end: (terms: OrderTerms) => Promise<void>
}
