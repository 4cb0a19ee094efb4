import { fetchManifest } from '@allod/content/open'
import { isAmong, type Policy, type SignedOffer } from '@allod/protocol'
import { type Allod, getOffer, kindOf, type Listing, listOffers, type OfferKindName } from '@allod/sdk'
import { fail } from '../frame/errors.ts'

/**
 * The offer named, else the cheapest open one of its kind that fits and that every input's policy allows.
 * @throws sdk/unknown-offer, sdk/ambiguous-offer, cli/no-offer, cli/bad-usage where another kind or job was named
 */
export async function chooseOffer(
  allod: Allod,
  named: unknown,
  {
    kinds,
    job,
    seconds,
    policies = [],
  }: {
    readonly kinds: readonly OfferKindName[]
    /** The job an engine must do. */
    readonly job?: string
    readonly seconds: number
    /** Of the inputs, as far as they are known by now. */
    readonly policies?: readonly Pick<Policy, 'engines' | 'providers'>[]
  },
): Promise<Listing> {
  if (typeof named === 'string') {
    const listing = await getOffer(allod, named)
    if (!kinds.includes(kindOf(listing)))
      throw fail('bad-usage', { expected: kinds, actual: kindOf(listing), hint: 'see `npx allod offer list`' })
    const does = listing.description?.facts.job
    if (job !== undefined && does !== undefined && does !== job)
      throw fail('bad-usage', { expected: `an engine of job ${job}`, actual: does, hint: 'see `npx allod offer list`' })
    return listing
  }
  const open = (await listOffers(allod)).filter(
    (l) =>
      kinds.includes(kindOf(l)) &&
      (job === undefined || l.description?.facts.job === job) &&
      seconds >= l.offer.minSeconds &&
      seconds <= l.offer.maxSeconds &&
      policies.every((p) => isAllowed(l, p)),
  )
  const cost = ({ offer }: Listing): bigint =>
    BigInt(offer.perOrder) * 1_000_000_000_000n + BigInt(offer.perSecond) * BigInt(seconds)
  const [cheapest] = open.sort((a, b) => (cost(a) < cost(b) ? -1 : 1))
  if (cheapest === undefined) throw fail('no-offer', { expected: kinds, meta: { job, seconds } })
  return cheapest
}

function isAllowed(listing: Listing, { engines, providers }: Pick<Policy, 'engines' | 'providers'>): boolean {
  const { subject, owner } = listing.offer
  const kind = kindOf(listing)
  if (kind === 'engine') return isAmong(engines, subject)
  return kind !== 'compute' || isAmong(providers, owner)
}

/** The policies of what is offered. @throws content/no-replica */
export const policiesOf = ({ stores }: Allod, offered: readonly Pick<Listing, 'offer'>[]): Promise<readonly Policy[]> =>
  Promise.all(offered.map(async ({ offer }) => (await fetchManifest(stores, offer.manifestHash)).policy))

/** A listing as orders take it. */
export const signedOf = ({ offer, signature }: Listing): SignedOffer => ({ offer, signature })
