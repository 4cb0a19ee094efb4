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

/** Signs an offer, stores its owner's words and posts both on chain. @throws sdk/too-few-stores, chain errors */
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
  const { transaction } = await writerOf(allod, wallet).send('catalog', 'post', [
    offerArgs(signed.offer),
    signed.signature,
    location,
  ])
  return { ...signed, hash: offerHash(signed.offer), location, transaction }
}
