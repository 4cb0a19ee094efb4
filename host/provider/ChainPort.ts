import type { BeatRequest, FailRequest, OrderTerms, ReportRequest, StartRequest } from '@allod/protocol'

/** What the provider writes to the chain. Every write waits until its transaction is in a block. */
export type ChainPort = {
  readonly start: (terms: OrderTerms, request: StartRequest) => Promise<void>
  readonly rebind: (terms: OrderTerms, request: StartRequest) => Promise<void>
  readonly beat: (terms: OrderTerms, request: BeatRequest) => Promise<void>
  readonly report: (terms: OrderTerms, request: ReportRequest) => Promise<void>
  readonly fail: (terms: OrderTerms, request: FailRequest) => Promise<void>
  readonly end: (terms: OrderTerms) => Promise<void>
}
