import type { BlockSeen, Hex, Offer, Royalty } from '@allod/protocol'

/** Where the contracts are. */
export type Addresses = {
  readonly token: Hex
  readonly catalog: Hex
  readonly assets: Hex
  readonly registry: Hex
  readonly trust: Hex
  readonly market: Hex
}

/** When a block counts: once the chain calls it finalised, or at a depth below the head. */
export type Finality = { readonly kind: 'finalized' } | { readonly kind: 'depth'; readonly blocks: number }

/** One payee's part of an order, as Market keeps it. Rates in 1e-12 token units per second, fees in token units. */
export type Lane = {
  readonly owner: Hex
  readonly payee: Hex
  readonly capacity: number
  readonly maxRuns: number
  readonly perSecond: bigint
  readonly perOrder: bigint
}

/** Everything an order's id commits to, as its Created event carries it and Market's calls take it. */
export type MarketTerms = {
  readonly buyer: Hex
  readonly salt: Hex
  readonly specHash: Hex
  /** The term bought at first, in seconds; extensions do not change it. */
  readonly secs: number
  /** Offer hashes; `lanes[i]` pays `offers[i]`, royalties follow, the keepers' lane is last. */
  readonly offers: readonly Hex[]
  readonly lanes: readonly Lane[]
}

export const orderStates = ['none', 'open', 'active', 'ended', 'settled'] as const
export type OrderState = (typeof orderStates)[number]

/** What vests an order's fixed fees: the report of finetune and run, the first attested time of serve. */
export const jobKinds = { finetune: 1, serve: 2, run: 3 } as const
export type JobKind = keyof typeof jobKinds

/** An order as Market's storage knows it. Times are Unix seconds, 0 where not yet known; `state` is `none` where unknown. */
export type OrderOnChain = {
  readonly order: Hex
  readonly state: OrderState
  readonly job: JobKind | null
  readonly isVested: boolean
  readonly isFailed: boolean
  readonly isReported: boolean
  /** keccak256(abi.encode(reportHash, lineage)), or zero. */
  readonly reported: Hex
  readonly committee: Hex
  /** The term with its extensions, in seconds. */
  readonly seconds: number
  readonly startBy: number
  readonly startedAt: number
  /** End of the term as it stands; 0 before the start. */
  readonly endsAt: number
  readonly endedAt: number
  readonly enclave: Hex
  /** 0 before the start, then 1; votes to start or rebind are for `generation + 1`. */
  readonly generation: number
  readonly signers: number
  readonly attestedSeconds: number
  readonly attestedUpTo: number
  /** Token units still locked. */
  readonly escrow: bigint
  readonly createdBlock: bigint
}

/** The market's constants, in seconds: how long an order may wait for its start, and for report and last beat after its end. */
export type Windows = { readonly startSeconds: number; readonly reportSeconds: number; readonly closeSeconds: number }

/** What the chain says of an offer. */
export type OfferStanding = {
  /** The epoch its owner's offers must carry. */
  readonly epoch: number
  readonly isRevoked: boolean
  /** Counted only where the offer sets a limit. */
  readonly running: number
  readonly runs: number
}

export type ProviderOnChain = {
  readonly key: Hex
  readonly payee: Hex
  readonly endpoints: string
  readonly machines: readonly Hex[]
}

export type KeeperOnChain = {
  readonly id: Hex
  readonly account: Hex
  readonly signer: Hex
  readonly payee: Hex
  readonly evidenceHash: Hex
  readonly perOrder: bigint
  readonly perSecond: bigint
  readonly hpkeKey: Hex
  readonly operator: string
  readonly endpoint: string
}

export type CommitteeOnChain = {
  readonly id: Hex
  readonly t: number
  /** In the order of their signers' addresses, as `signers` bits count them. */
  readonly members: readonly { readonly keeper: Hex; readonly signer: Hex; readonly payee: Hex }[]
  readonly perOrder: bigint
  readonly perSecond: bigint
}

export const standings = ['unknown', 'live', 'halted', 'retired'] as const

/** An object as Assets knows it. */
export type AssetOnChain = {
  readonly objectId: Hex
  readonly owner: Hex
  readonly standing: (typeof standings)[number]
  readonly isDerived: boolean
  /** What whatever derives from it owes it. */
  readonly self: Royalty
  /** What every order on it owes to its ancestors. */
  readonly dues: readonly { readonly ancestor: Hex; readonly owner: Hex; readonly royalty: Royalty }[]
}

export type BuildOnChain = {
  readonly build: Hex
  /** Unix seconds; 0 where unknown. */
  readonly announcedAt: number
  readonly from: number
  readonly isRevoked: boolean
  readonly isApproved: boolean
}

/** Why keys may not be released: the name of Market's error without its prefix, such as `WrongEnclave`. */
export type KeyRelease = { readonly ok: true } | { readonly ok: false; readonly reason: string }

export type PostedOffer = {
  readonly hash: Hex
  readonly offer: Offer
  readonly signature: Hex
  readonly location: string
  readonly block: bigint
  readonly transaction: Hex
}

/** A decoded event of one order, in chain order. Amounts are bigint, times are Unix seconds as bigint or number. */
export type OrderLog = {
  readonly name: string
  readonly block: bigint
  readonly blockHash: Hex
  readonly transaction: Hex
  readonly index: number
  readonly args: { readonly [name: string]: unknown }
}

/** Typed reads, all at one block. Every RPC must give the same answer, or the read throws. */
export type View = {
  readonly block: BlockSeen
  readonly order: (order: Hex) => Promise<OrderOnChain>
  readonly windows: () => Promise<Windows>
  /** From the order's Created event; checked against its id, so its source needs no trust. */
  readonly terms: (order: Hex) => Promise<MarketTerms>
  readonly orderEvents: (order: Hex) => Promise<readonly OrderLog[]>
  readonly offer: (owner: Hex, offerHash: Hex) => Promise<OfferStanding>
  /** Offers posted in a range of blocks, this view's block the last; their signatures are checked, others are left out. */
  readonly offersPosted: (range?: {
    readonly fromBlock?: bigint
    readonly owner?: Hex
    readonly subject?: Hex
  }) => Promise<readonly PostedOffer[]>
  /** The posted offer of a hash, or null. */
  readonly postedOffer: (offerHash: Hex) => Promise<PostedOffer | null>
  readonly committee: (committee: Hex) => Promise<CommitteeOnChain>
  readonly keeper: (keeper: Hex) => Promise<KeeperOnChain>
  /** null where nobody registered it. */
  readonly provider: (provider: Hex) => Promise<ProviderOnChain | null>
  readonly asset: (objectId: Hex) => Promise<AssetOnChain>
  /** The order whose report made a derived object, from its LineageRecorded event; null for an original. */
  readonly originOf: (objectId: Hex) => Promise<{ readonly market: Hex; readonly order: Hex } | null>
  /** The build a measurement stands for at this block; null where none. */
  readonly buildOf: (measurement: Hex) => Promise<Hex | null>
  readonly build: (build: Hex) => Promise<BuildOnChain>
  /** The block in which a build was revoked; null where it was not. */
  readonly revocationOf: (build: Hex) => Promise<bigint | null>
  /** `build` or `offer` null ask nothing of Trust, or say that the input is the buyer's own. */
  readonly keyRelease: (ask: {
    readonly terms: MarketTerms
    readonly enclave: Hex
    readonly build: Hex | null
    readonly objectId: Hex
    readonly offer: Hex | null
  }) => Promise<KeyRelease>
  /** Token units in Market, and in the account's own wallet. */
  readonly balance: (account: Hex) => Promise<{ readonly market: bigint; readonly wallet: bigint }>
  /** What an account's next permit of the token (EIP-2612) is signed over; null where the token has no permits. */
  readonly permitTerms: (
    account: Hex,
  ) => Promise<{ readonly name: string; readonly nonce: bigint; readonly domainSeparator: Hex } | null>
  /** What a claim of every lane would pay and refund at this block. */
  readonly claimable: (terms: MarketTerms) => Promise<{ readonly amounts: readonly bigint[]; readonly refund: bigint }>
  /** Lanes and escrow that an order on these offers would get. */
  readonly quote: (
    offers: readonly Offer[],
    committee: Hex,
    seconds: number,
  ) => Promise<{ readonly lanes: readonly Lane[]; readonly escrow: bigint }>
}

/** The chain as this reader accepts it. */
export type ChainClient = {
  readonly chainId: bigint
  readonly addresses: Addresses
  /** Reads at the newest final block that every RPC knows. Keys and results depend on this one only. */
  readonly final: () => Promise<View>
  /** Reads at the newest block that every RPC knows; it may be undone. */
  readonly latest: () => Promise<View>
}
