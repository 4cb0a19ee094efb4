import type { OfferStanding, PostedOffer, View } from '@allod/chain'
import { type Hex, type Offer, offerKinds } from '@allod/protocol'
import type { Allod } from '../allod.ts'
import { fail } from '../errors.ts'
import { inBatches } from '../wire/inBatches.ts'
import { type Description, fetchDescription, type OfferKindName } from './description.ts'

/** Whether an order can be placed on an offer now, and if not, why. */
export type OfferState = 'open' | 'expired' | 'revoked' | 'full' | 'used-up'

/** A posted offer with its owner's words. */
export type Listing = {
  readonly hash: Hex
  readonly offer: Offer
  readonly signature: Hex
  readonly location: string
  readonly description: Description | null
  readonly state: OfferState
}

/** Offers whose words are fetched at once. */
const AT_ONCE = 100

/**
 * All offers on chain, newest first. Signatures were checked where they were read.
 * @param options.kind only these
 */
export async function listOffers(
  allod: Allod,
  { kind, isAll = false }: { readonly kind?: OfferKindName; readonly isAll?: boolean } = {},
): Promise<readonly Listing[]> {
  const view = await allod.chain.latest()
  const posted = await view.offersPosted({ fromBlock: BigInt(allod.network.fromBlock) })
  const listings = await inBatches(posted.toReversed(), AT_ONCE, (p) => listingOf(allod, view, p))
  return listings.filter((l) => (isAll || l.state === 'open') && (kind === undefined || kindOf(l) === kind))
}

/**
 * One offer: by its hash, by the beginning of it (at least 6 digits), or by its name where only one open offer has it.
 * @throws sdk/unknown-offer, sdk/ambiguous-offer
 */
export async function getOffer(allod: Allod, named: string): Promise<Listing> {
  const view = await allod.chain.latest()
  if (/^0x[0-9a-f]{64}$/.test(named)) {
    const posted = await view.postedOffer(named as Hex)
    if (posted === null) throw fail('unknown-offer', { actual: named })
    return listingOf(allod, view, posted)
  }
  const all = await listOffers(allod, { isAll: true })
  const isPrefix = /^0x[0-9a-f]{6,63}$/.test(named)
  const found = all.filter((l) =>
    isPrefix ? l.hash.startsWith(named) : l.description?.name === named && l.state === 'open',
  )
  const [first] = found
  if (first === undefined) throw fail('unknown-offer', { actual: named.slice(0, 80) })
  if (found.length > 1) throw fail('ambiguous-offer', { actual: named, meta: { hashes: found.map((l) => l.hash) } })
  return first
}

/** What kind of thing a listing offers; without words, as far as the offer itself tells. */
export function kindOf({ offer, description }: Pick<Listing, 'offer' | 'description'>): OfferKindName {
  if (offer.kind === offerKinds.compute) return 'compute'
  if (offer.kind === offerKinds.engine) return 'engine'
  return description?.kind ?? 'model'
}

async function listingOf(allod: Allod, view: View, posted: PostedOffer): Promise<Listing> {
  const { hash, offer, signature, location } = posted
  const [standing, description] = await Promise.all([
    view.offer(offer.owner, hash),
    fetchDescription(allod.stores, location),
  ])
  return { hash, offer, signature, location, description, state: stateOf(offer, standing, view.block.time) }
}

/** An offer's state at a time in Unix seconds. */
export function stateOf(offer: Offer, { epoch, isRevoked, running, runs }: OfferStanding, now: number): OfferState {
  if (isRevoked || epoch !== offer.epoch) return 'revoked'
  if (offer.expiry <= now) return 'expired'
  if (offer.maxRuns !== 0 && runs >= offer.maxRuns) return 'used-up'
  if (offer.capacity !== 0 && running >= offer.capacity) return 'full'
  return 'open'
}
