import { type Hex, type JobSpec, type Offer, type OrderTerms, offerHash, offerKinds } from '@allod/protocol'
import { fail } from '../errors.ts'

/** A sealed input of the spec with the offer that pays for it, or none where it should be the buyer's own. */
export type Input = {
  readonly name: string
  readonly objectId: Hex
  readonly manifestHash: Hex
  readonly offer: Offer | null
}

/** The offer that rents the machine. */
export type Paid = { readonly compute: Offer; readonly inputs: readonly Input[] }

const NOTHING: Hex = `0x${'00'.repeat(32)}`

/** The offer's hash as `keyRelease` takes it: zero for the buyer's own. */
export const offerHashOf = (input: Pick<Input, 'offer'>): Hex => (input.offer ? offerHash(input.offer) : NOTHING)

/**
 * Spec inputs and the order's offers, one to one: one machine, at most one engine and that of the spec, an object offer
 * for an object input, no offer left over. Public inputs need none. Whether an input without an offer is the buyer's own
 * is for `requireOwnership`.
 * @throws keeper/compute-offer, keeper/engine-mismatch, keeper/input-twice, keeper/offer-mismatch, keeper/offer-terms,
 * keeper/offer-unused
 */
export function requireInputs(spec: JobSpec, terms: OrderTerms): Paid {
  const ofKind = (kind: number): readonly Offer[] => terms.offers.filter((o) => o.kind === kind)
  const [compute, ...moreCompute] = ofKind(offerKinds.compute)
  if (compute === undefined || moreCompute.length > 0)
    throw fail('compute-offer', { expected: 1, actual: ofKind(offerKinds.compute).length })
  const [engine, ...moreEngines] = ofKind(offerKinds.engine)
  if (moreEngines.length > 0) throw fail('offer-unused', { actual: moreEngines[0]?.subject })
  if (engine && engine.subject !== spec.engine.digest)
    throw fail('engine-mismatch', { expected: spec.engine.digest, actual: engine.subject })

  const unused = new Set(ofKind(offerKinds.object))
  const inputs: Input[] = []
  for (const [name, input] of Object.entries(spec.inputs).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (input.kind === 'public') continue
    if (inputs.some((i) => i.objectId === input.objectId)) throw fail('input-twice', { actual: input.objectId })
    const offer = [...unused].find((o) => o.subject === input.objectId) ?? null
    if (offer) {
      requireOfferFor(offer, input.manifestHash, spec.committee)
      unused.delete(offer)
    }
    inputs.push({ name, objectId: input.objectId, manifestHash: input.manifestHash, offer })
  }
  const [left] = unused
  if (left) throw fail('offer-unused', { actual: left.subject })
  return { compute, inputs }
}

function requireOfferFor(offer: Offer, manifestHash: Hex, committee: Hex): void {
  if (offer.manifestHash !== manifestHash)
    throw fail('offer-mismatch', {
      expected: offer.manifestHash,
      actual: manifestHash,
      meta: { field: 'manifestHash' },
    })
  if (offer.committee !== committee)
    throw fail('offer-mismatch', { expected: offer.committee, actual: committee, meta: { field: 'committee' } })
  // Terms that this release cannot read might forbid this very order.
  if (offer.terms !== NOTHING) throw fail('offer-terms', { expected: NOTHING, actual: offer.terms })
}
