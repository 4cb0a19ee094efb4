import { offerArgs } from '@allod/chain'
import {
  allodDomain,
  type Hex,
  type Offer,
  offerDigest,
  offerHash,
  offerShape,
  type SignedOffer,
  signDigest,
  toHex,
} from '@allod/protocol'
import { type Allod, writerOf } from '../allod.ts'
import { type Description, storeDescription } from '../listing/description.ts'
import { stateOf } from '../listing/listing.ts'
import type { Wallet } from '../wallet/wallet.ts'

/** What is asked: rate in 1e-12 token units per second, fee in token units per order. */
export type Price = { readonly perSecond: bigint; readonly perOrder: bigint }

/** How an offer may be used; 0 = no limit. */
export type OfferLimits = {
  /** Seconds an order may last; 1 s to 30 days unless told. */
  readonly minSeconds?: number
  readonly maxSeconds?: number
  /** Orders at once. */
  readonly capacity?: number
  /** Orders in all. */
  readonly maxRuns?: number
  /** Seconds from now until it cannot be ordered any more; a year unless told. */
  readonly expiresInSeconds?: number
  /** Who is paid; the owner unless told. */
  readonly payee?: Hex
}

/** A signed offer, posted. */
export type Posted = SignedOffer & {
  readonly hash: Hex
  readonly location: string
  readonly transaction: Hex
}

/** What an offer is about. Zero where a field does not apply. */
export type Subject = Pick<Offer, 'kind' | 'subject'> &
  Partial<Pick<Offer, 'manifestHash' | 'policyHash' | 'committee'>>

const DAY = 86_400
const ZERO: Hex = `0x${'00'.repeat(32)}`

/** Signs an offer without posting it: whoever is given it can order on it. */
export async function signOffer(
  allod: Allod,
  wallet: Wallet,
  subject: Subject,
  price: Price,
  limits: OfferLimits = {},
): Promise<SignedOffer> {
  const { network, chain } = allod
  const view = await chain.latest()
  const owner = wallet.key.address
  const { epoch } = await view.offer(owner, ZERO)
  const offer = offerShape({
    manifestHash: ZERO,
    policyHash: ZERO,
    committee: ZERO,
    ...subject,
    owner,
    payee: limits.payee ?? owner,
    token: network.addresses.token,
    terms: ZERO,
    perSecond: String(price.perSecond),
    perOrder: String(price.perOrder),
    minSeconds: limits.minSeconds ?? 1,
    maxSeconds: limits.maxSeconds ?? 30 * DAY,
    capacity: limits.capacity ?? 0,
    maxRuns: limits.maxRuns ?? 0,
    expiry: view.block.time + (limits.expiresInSeconds ?? 365 * DAY),
    epoch,
    salt: toHex(crypto.getRandomValues(new Uint8Array(32))),
  })
  const domain = allodDomain(BigInt(network.chainId), network.addresses.market)
  return { offer, signature: signDigest(wallet.key, offerDigest(domain, offer)) }
}

/**
 * Signs an offer, stores its owner's words and posts both on chain. Where the owner has the same offer open already, that
 * one stands: publishing again after it was broken off offers nothing twice.
 * @throws sdk/too-few-stores, chain errors
 */
export async function postOffer(
  allod: Allod,
  wallet: Wallet,
  {
    subject,
    price,
    limits,
    description,
  }: {
    readonly subject: Subject
    readonly price: Price
    readonly limits?: OfferLimits | undefined
    readonly description: Description
  },
): Promise<Posted> {
  const location = await storeDescription(allod.stores, description)
  const signed = await signOffer(allod, wallet, subject, price, limits)
  const open = await openAlready(allod, signed.offer, location)
  if (open !== null) return open
  const { transaction } = await writerOf(allod, wallet).send('catalog', 'post', [
    offerArgs(signed.offer),
    signed.signature,
    location,
  ])
  return { ...signed, hash: offerHash(signed.offer), location, transaction }
}

/** An open offer of the same words and terms that lasts about as long. */
async function openAlready({ network, chain }: Allod, wanted: Offer, location: string): Promise<Posted | null> {
  const view = await chain.latest()
  const { owner, subject } = wanted
  const posted = await view.offersPosted({ fromBlock: BigInt(network.fromBlock), owner, subject })
  for (const { block: _, ...known } of [...posted].reverse()) {
    const { offer, hash } = known
    const terms = offerHash({ ...wanted, salt: offer.salt, expiry: offer.expiry })
    if (known.location !== location || terms !== hash || Math.abs(wanted.expiry - offer.expiry) > DAY) continue
    if (stateOf(offer, await view.offer(owner, hash), view.block.time) === 'open') return known
  }
  return null
}
