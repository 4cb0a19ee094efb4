import { type Hex, type JobSpec, type OrderTerms, requireSpec, requireTerms } from '@allod/protocol'
import { fail } from '../errors.ts'

/**
 * The terms are those of the order, on this keeper's chain and market, and the spec is the one they name.
 * @throws keeper/wrong-chain, protocol/order-terms-mismatch, protocol/spec-mismatch
 */
export function requireOrderTerms(
  { order, terms, spec }: { readonly order: Hex; readonly terms: OrderTerms; readonly spec: JobSpec },
  here: { readonly chainId: string; readonly market: Hex },
): void {
  if (terms.chainId !== here.chainId || terms.market !== here.market)
    throw fail('wrong-chain', {
      expected: `${here.chainId}/${here.market}`,
      actual: `${terms.chainId}/${terms.market}`,
    })
  requireTerms(terms, order)
  requireSpec(spec, terms.specHash)
}
