import type { JobKind, Lane, View } from '@allod/chain'
import { type Manifest, manifestObjectId, requireManifest } from '@allod/content'
import { fetchManifest } from '@allod/content/open'
import {
  allodDomain,
  committeeId,
  derivePolicy,
  type Hex,
  intersectPolicies,
  type NamedPolicy,
  offerHash,
  type Parent,
  type Policy,
  type Royalty,
  requireOwnersOffer,
  type SignedOffer,
  type Terms,
} from '@allod/protocol'
import type { Allod } from '../allod.ts'
import { fail } from '../errors.ts'
import { stateOf } from '../listing/listing.ts'
import { RATE_SCALE } from '../money/amount.ts'
import { noRoyalty } from '../policy/newPolicy.ts'
import { requireAllowed } from './requireAllowed.ts'

/**
 * Where an input comes from: rented under an offer, the buyer's own sealed object, a public folder, or something of the
 * buyer's that is not sealed yet, which can be priced but not ordered.
 */
export type InputChoice =
  | { readonly kind: 'offer'; readonly offer: SignedOffer }
  | { readonly kind: 'own'; readonly manifestHash: Hex }
  | { readonly kind: 'public'; readonly treeHash: Hex }
  | { readonly kind: 'unsealed'; readonly policy: Policy }

/** What somebody wants to order. */
export type OrderRequest = {
  readonly kind: JobKind
  readonly buyer: Hex
  readonly compute: SignedOffer
  readonly engine: SignedOffer
  /** By the names under which the engine finds them. */
  readonly inputs: { readonly [name: string]: InputChoice }
  readonly seconds: number
  /** What the buyer asks of whatever derives from the result. */
  readonly royalty?: Royalty
}

/** One payee's part. `mostUnits` is reached when the whole term is used and the fees vest. */
export type PayeeShare = {
  readonly label: string
  readonly payee: Hex
  readonly perSecond: bigint
  readonly perOrder: bigint
  readonly mostUnits: bigint
}

/** The full price of an order before any of it is paid. */
export type Quote = {
  readonly request: OrderRequest
  /** Compute first, as the market takes them. */
  readonly offers: readonly SignedOffer[]
  readonly committee: Hex
  readonly manifests: { readonly [input: string]: Manifest }
  /** What all sealed inputs allow together; null where there is none. */
  readonly terms: Terms | null
  /** The policy of what a finetune or run derives; null for what is served. */
  readonly derived: Policy | null
  readonly lanes: readonly Lane[]
  /** The most the order can cost: what is locked, in token units. */
  readonly totalUnits: bigint
  /** The part that returns for time that is not used. */
  readonly refundableUnits: bigint
  readonly shares: readonly PayeeShare[]
}

/**
 * Works an order out before money moves: offers current, policies compatible, the price with every payee's share as the
 * contract computes it.
 * @throws sdk/offer-not-open, sdk/bad-term, sdk/wrong-token, sdk/not-the-owner, sdk/nothing-sealed, sdk/not-allowed naming the clause,
 * protocol/policies-exclude, protocol/offer-not-by-owner, content/no-replica
 */
export async function quote(allod: Allod, request: OrderRequest): Promise<Quote> {
  const view = await allod.chain.latest()
  const offers = offersOf(request)
  await Promise.all(offers.map(({ name, signed }) => requireOpen(allod, view, name, signed, request.seconds)))
  const manifests = await manifestsOf(allod, view, request)
  const committee = committeeId(allod.network.committee)
  const policies = policiesOf(request, manifests)
  const [first, ...rest] = policies
  const terms = first === undefined ? null : intersectPolicies([first, ...rest])
  if (terms !== null) requireAllowed(terms, request, committee)
  const lanes = await view.quote(
    offers.map((o) => o.signed.offer),
    committee,
    request.seconds,
  )
  const shares = sharesOf(lanes.lanes, offers, request.seconds)
  return {
    request,
    offers: offers.map((o) => o.signed),
    committee,
    manifests,
    terms,
    derived: derivedOf(request, manifests, policies),
    lanes: lanes.lanes,
    totalUnits: lanes.escrow,
    refundableUnits: lanes.escrow - lanes.lanes.reduce((sum, l) => sum + l.perOrder, 0n),
    shares,
  }
}

/** Refuses a quote above what the buyer is willing to lock. @throws sdk/over-max-price */
export function requireMaxPrice({ totalUnits }: Pick<Quote, 'totalUnits'>, maxUnits: bigint): void {
  if (totalUnits > maxUnits) throw fail('over-max-price', { expected: maxUnits, actual: totalUnits })
}

type NamedOffer = { readonly name: string; readonly signed: SignedOffer }

function offersOf({ compute, engine, inputs }: OrderRequest): readonly NamedOffer[] {
  const rented = Object.entries(inputs).flatMap(([name, input]) =>
    input.kind === 'offer' ? [{ name, signed: input.offer }] : [],
  )
  return [{ name: 'compute', signed: compute }, ...rented, { name: 'engine', signed: engine }]
}

async function requireOpen(
  { network }: Allod,
  view: View,
  name: string,
  signed: SignedOffer,
  seconds: number,
): Promise<void> {
  const { offer } = signed
  requireOwnersOffer(allodDomain(BigInt(network.chainId), network.addresses.market), signed)
  if (offer.token !== network.addresses.token)
    throw fail('wrong-token', { expected: network.addresses.token, actual: offer.token, meta: { offer: name } })
  const state = stateOf(offer, await view.offer(offer.owner, offerHash(offer)), view.block.time)
  if (state !== 'open')
    throw fail('offer-not-open', { expected: 'open', actual: state, meta: { offer: name, hash: offerHash(offer) } })
  if (seconds < offer.minSeconds || seconds > offer.maxSeconds)
    throw fail('bad-term', {
      expected: `${offer.minSeconds}..${offer.maxSeconds} s`,
      actual: seconds,
      meta: { offer: name },
    })
}

async function manifestsOf(
  allod: Allod,
  view: View,
  { inputs, buyer }: OrderRequest,
): Promise<{ readonly [name: string]: Manifest }> {
  const entries = await Promise.all(
    Object.entries(inputs).map(async ([name, input]) => {
      if (input.kind === 'public' || input.kind === 'unsealed') return []
      const hash = input.kind === 'offer' ? input.offer.offer.manifestHash : input.manifestHash
      const manifest = await fetchManifest(allod.stores, hash)
      if (input.kind === 'own' && manifest.owner !== buyer)
        throw fail('not-the-owner', { expected: buyer, actual: manifest.owner, meta: { input: name } })
      if (input.kind === 'offer') await requireSubject(view, manifest, input.offer)
      return [[name, manifest] as const]
    }),
  )
  return Object.fromEntries(entries.flat())
}

// An original's manifest is signed by its owner; a derived one by an enclave of the order that made it.
async function requireSubject(view: View, manifest: Manifest, { offer }: SignedOffer): Promise<void> {
  const origin = await view.originOf(offer.subject)
  if (origin === null) return requireManifest(manifest, { objectId: offer.subject })
  const { signer } = manifest.signature
  const events = await view.orderEvents(origin.order)
  const isMaker = events.some((e) => e.name === 'Bound' && String(e.args.enclave).toLowerCase() === signer)
  if (!isMaker) throw fail('not-its-maker', { expected: `an enclave of ${origin.order}`, actual: signer })
  requireManifest(manifest, { objectId: offer.subject, signer })
}

function policiesOf({ inputs }: OrderRequest, manifests: Quote['manifests']): readonly NamedPolicy[] {
  return Object.entries(inputs).flatMap(([name, input]) => {
    const policy = input.kind === 'unsealed' ? input.policy : manifests[name]?.policy
    return policy === undefined ? [] : [{ name, policy }]
  })
}

/** Stands for an object that has no id yet: it has no ancestors, and its own royalty is its owner's to ask. */
const NOT_YET: Hex = `0x${'00'.repeat(32)}`

function derivedOf(
  { kind, buyer, royalty }: OrderRequest,
  manifests: Quote['manifests'],
  policies: readonly NamedPolicy[],
): Policy | null {
  if (kind === 'serve') return null
  const parents = policies.map(({ name, policy }): Parent => {
    const manifest = manifests[name]
    return { objectId: manifest === undefined ? NOT_YET : manifestObjectId(manifest), policy }
  })
  const [first, ...rest] = parents
  // The enclave would refuse to seal what it made, after its time was paid.
  if (first === undefined) throw fail('nothing-sealed', { expected: 'a sealed input', actual: kind })
  return derivePolicy(buyer, royalty ?? noRoyalty, [first, ...rest])
}

function sharesOf(lanes: readonly Lane[], offers: readonly NamedOffer[], seconds: number): readonly PayeeShare[] {
  return lanes.map((lane, i) => ({
    label: offers[i]?.name ?? (i === lanes.length - 1 ? 'keepers' : 'royalty'),
    payee: lane.payee,
    perSecond: lane.perSecond,
    perOrder: lane.perOrder,
    mostUnits: lane.perOrder + (lane.perSecond * BigInt(seconds)) / RATE_SCALE,
  }))
}
