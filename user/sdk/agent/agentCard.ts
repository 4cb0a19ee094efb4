import { manifestObjectId } from '@allod/content'
import { type AgentCard, type SignedOffer, signAgentCard } from '@allod/protocol'
import type { Allod } from '../allod.ts'
import { fail } from '../errors.ts'
import type { OrderRecord } from '../order/orderRecord.ts'
import { type OfferLimits, type Posted, type Price, postOffer, signOffer } from '../publish/postOffer.ts'
import { objectSubject } from '../publish/publishModel.ts'
import { fetchReport, registerDerived } from '../result/deriveObject.ts'
import type { Wallet } from '../wallet/wallet.ts'

/** A result that can be ordered again: registered, with an offer by its owner. */
export type OfferedResult = { readonly signed: SignedOffer; readonly posted: Posted | null }

/**
 * Offers what an order derived, so that it can be served: registered as the report names it, at a price, or for the owner's
 * own orders at none. Royalties to its ancestors come on top by themselves.
 * @param options.price posts it for everybody; without one the offer is signed at price 0 and kept
 * @throws sdk/not-reported, sdk/not-the-buyer, chain errors
 */
export async function offerResult(
  allod: Allod,
  wallet: Wallet,
  record: OrderRecord,
  {
    name = 'adapter',
    summary = '',
    price,
    limits,
  }: {
    readonly name?: string
    readonly summary?: string
    readonly price?: Price
    readonly limits?: OfferLimits
  } = {},
): Promise<OfferedResult> {
  if (record.terms.buyer !== wallet.key.address)
    throw fail('not-the-buyer', { expected: record.terms.buyer, actual: wallet.key.address })
  const report = await fetchReport(allod, record)
  await registerDerived(allod, wallet, record, report)
  const [output] = report.statement.predicate.outputs
  const manifest = output && report.manifests[output.name]
  if (output === undefined || manifest === undefined)
    throw fail('not-reported', { expected: 'an output', actual: 'none' })
  const { objectId, manifestHash } = output
  const subject = objectSubject({ objectId, manifestHash, manifest })
  if (price === undefined)
    return { signed: await signOffer(allod, wallet, subject, { perSecond: 0n, perOrder: 0n }, limits), posted: null }
  const description = { version: 1, kind: 'adapter', name, summary, facts: { order: record.order } } as const
  const posted = await postOffer(allod, wallet, { subject, price, limits, description })
  return { signed: { offer: posted.offer, signature: posted.signature }, posted }
}

/**
 * An agent's card: the name, and the orders that serve it, the newest last.
 * @param known the card so far, whose history goes on
 * @throws sdk/not-the-buyer where the order is another wallet's
 */
export function newAgentCard(
  wallet: Wallet,
  { order, spec, terms, manifests }: OrderRecord,
  { name, known = null }: { readonly name: string; readonly known?: AgentCard | null },
): AgentCard {
  if (terms.buyer !== wallet.key.address)
    throw fail('not-the-buyer', { expected: terms.buyer, actual: wallet.key.address })
  return signAgentCard(wallet.key, {
    name,
    orders: [...(known?.orders ?? []), order],
    objects: Object.values(manifests).map(manifestObjectId).sort(),
    engine: spec.engine.digest,
  })
}
