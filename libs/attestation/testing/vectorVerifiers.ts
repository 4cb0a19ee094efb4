import { sevSnpVerifier } from '../sevsnp/verifySevSnp.ts'
import type { VectorVerifier } from './runVectors.ts'

/** Every kind that the vectors know: a line each, as its verifier comes. */
export const vectorVerifiers: { readonly [kind: string]: VectorVerifier } = {
  sevsnp: (roots) => sevSnpVerifier({ roots }).verify,
}
