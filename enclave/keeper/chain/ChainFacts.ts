import type { BlockSeen, Hex, OrderTerms, Royalty } from '@allod/protocol'

/** What a keeper asks of the chain before it decides, all of it at one block. */
export type ChainQuery = {
  /** `latest` for votes, which release nothing; `final` for everything that does. */
  readonly at: 'latest' | 'final'
  readonly order: Hex
  /** Needed to ask for the release of keys; null where none is. */
  readonly release: { readonly terms: OrderTerms; readonly enclave: Hex; readonly build: Hex } | null
  readonly provider: Hex | null
  readonly build: Hex | null
  /** The launch measurement to look up, 48 bytes. */
  readonly measurement: Hex | null
  /** Objects, each with the hash of the offer it is rented under, or zero for the buyer's own. */
  readonly objects: readonly { readonly objectId: Hex; readonly offer: Hex }[]
}

/** An order on chain. Times are Unix seconds, 0 where not yet known. */
export type OrderSeen = {
  readonly state: 'none' | 'open' | 'active' | 'ended' | 'settled'
  readonly job: 'finetune' | 'serve' | 'run'
  readonly isVested: boolean
  readonly isReported: boolean
  readonly committee: Hex
  readonly enclave: Hex
  readonly generation: number
  readonly startedAt: number
  /** End of the term, or when the order was ended before it. */
  readonly endsAt: number
  /** Until when the market counts time before that end. */
  readonly closesAt: number
}

/** A provider's record. */
export type ProviderSeen = { readonly key: Hex; readonly machines: readonly Hex[] }

/** What Trust says of a build and of the measurement asked about. */
export type BuildSeen = {
  readonly isApproved: boolean
  /** Unix seconds; 0 where unknown. */
  readonly announcedAt: number
  /** The build that the measurement stands for, where it is known and in force. */
  readonly measured: Hex | null
}

/** An object in Assets. */
export type ObjectSeen = {
  readonly objectId: Hex
  readonly standing: 'unknown' | 'live' | 'halted' | 'retired'
  /** Null where unknown. */
  readonly owner: Hex | null
  readonly self: Royalty
  /** Ancestor → what orders on the object owe it. */
  readonly dues: { readonly [ancestor: string]: Royalty }
  /** For a derived object: what made it. */
  readonly origin: Origin | null
  /** Whether keys may go to the enclave asked about. */
  readonly release: Release | null
}

/** The order that made an object, with its market and the committee that let its enclave in, which reported the object. */
export type Origin = { readonly order: Hex; readonly market: Hex; readonly committee: Hex; readonly enclave: Hex }

export type Release = { readonly isAllowed: boolean; readonly reason: string }

/** The chain at one block, as every RPC endpoint says alike. */
export type ChainFacts = {
  readonly block: BlockSeen
  /** Time of the newest block, whatever block the rest was read at. */
  readonly headTime: number
  readonly order: OrderSeen
  readonly release: Release | null
  readonly provider: ProviderSeen | null
  readonly build: BuildSeen | null
  readonly objects: readonly ObjectSeen[]
}

/** Reads facts; throws where endpoints disagree, lag, or are of another chain. */
export type ReadChain = (query: ChainQuery) => Promise<ChainFacts>
