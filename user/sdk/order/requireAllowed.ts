import { type Hex, isAmong, type Terms } from '@allod/protocol'
import { fail } from '../errors.ts'
import type { OrderRequest } from './quote.ts'

type Asked = Pick<OrderRequest, 'kind' | 'buyer' | 'compute' | 'engine'>

/**
 * Refuses an order that its inputs' policies do not allow, before it costs anything. Keepers judge the same clauses again.
 * @throws sdk/not-allowed naming the clause
 */
export function requireAllowed(terms: Terms, { kind, buyer, compute, engine }: Asked, committee: Hex): void {
  const refuse = (clause: string, expected: unknown, actual: unknown) =>
    fail('not-allowed', { expected, actual, meta: { clause } })
  if (terms.committee !== committee) throw refuse('committee', terms.committee, committee)
  if (!terms.purposes.includes(kind)) throw refuse('purposes', terms.purposes, kind)
  if (!isAmong(terms.engines, engine.offer.subject)) throw refuse('engines', terms.engines, engine.offer.subject)
  if (!isAmong(terms.buyers, buyer)) throw refuse('buyers', terms.buyers, buyer)
  if (!isAmong(terms.providers, compute.offer.owner)) throw refuse('providers', terms.providers, compute.offer.owner)
}
