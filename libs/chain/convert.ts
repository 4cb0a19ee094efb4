import { type Hex, laneWords, type Offer, type OrderTerms, offerHash, offerShape, type Royalty } from '@allod/protocol'
import type { ContractFunctionArgs, ContractFunctionReturnType } from 'viem'
import type { marketAbi } from './abi.ts'
import type { Lane, MarketTerms } from './types.ts'

/** An order's state as the ABI gives it. */
export type RawOrderState = ContractFunctionReturnType<typeof marketAbi, 'view', 'orderOf'>
type TermsArgs = ContractFunctionArgs<typeof marketAbi, 'view', 'idOf'>[0]
type OfferArgs = ContractFunctionArgs<typeof marketAbi, 'view', 'quote'>[0][number]

/** Addresses are lower-case everywhere but in checksummed displays. */
export const lower = (address: unknown): Hex => String(address ?? `0x${'00'.repeat(20)}`).toLowerCase() as Hex

/** The terms of a signed job as Market's calls take them. */
export const marketTerms = ({ buyer, salt, specHash, seconds, offers, lanes }: OrderTerms): MarketTerms => ({
  buyer,
  salt,
  specHash,
  secs: seconds,
  offers: offers.map(offerHash),
  lanes: lanes.map((lane) => ({ ...lane, perSecond: BigInt(lane.perSecond), perOrder: BigInt(lane.perOrder) })),
})

/** Terms as the ABI takes them. */
export const termsArgs = ({ lanes, ...terms }: MarketTerms): TermsArgs =>
  ({
    ...terms,
    lanes: lanes.map((lane) => ({ owner: lane.owner, payee: lane.payee, ...laneWords(lane) })),
  }) as TermsArgs

/** An offer as the ABI takes it. */
export const offerArgs = (offer: Offer): OfferArgs => ({
  ...offer,
  perSecond: BigInt(offer.perSecond),
  perOrder: BigInt(offer.perOrder),
  expiry: BigInt(offer.expiry),
  epoch: BigInt(offer.epoch),
})

/** An offer from an event. @throws protocol/bad-shape for what no owner of ours would write */
export function offerOf(value: unknown): Offer {
  const raw = value as Record<string, unknown>
  return offerShape({
    ...raw,
    owner: lower(raw.owner),
    payee: lower(raw.payee),
    token: lower(raw.token),
    perSecond: String(raw.perSecond),
    perOrder: String(raw.perOrder),
    expiry: Number(raw.expiry),
    epoch: Number(raw.epoch),
  })
}

/** Terms from a Created event. */
export function marketTermsOf(value: unknown): MarketTerms {
  const { buyer, salt, specHash, secs, offers, lanes } = value as Omit<MarketTerms, 'lanes'> & {
    readonly lanes: readonly RawLane[]
  }
  return { buyer: lower(buyer), salt, specHash, secs, offers, lanes: lanes.map(laneOf) }
}

type RawLane = { readonly owner: Hex; readonly payee: Hex; readonly limits: bigint; readonly prices: bigint }

/** A lane from the ABI, its numbers two to a word. */
export const laneOf = ({ owner, payee, limits, prices }: RawLane): Lane => ({
  owner: lower(owner),
  payee: lower(payee),
  capacity: Number(BigInt.asUintN(32, limits)),
  maxRuns: Number(BigInt.asUintN(32, limits >> 32n)),
  perSecond: BigInt.asUintN(128, prices),
  perOrder: prices >> 128n,
})

/** A royalty from the ABI. */
export const royaltyOf = (raw: { bps: number; floorPerSecond: bigint; floorPerOrder: bigint }): Royalty => ({
  bps: raw.bps,
  floorPerSecond: raw.floorPerSecond.toString(),
  floorPerOrder: raw.floorPerOrder.toString(),
})
