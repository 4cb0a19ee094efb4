import { verifyNras } from '../nvidia/nras/verifyNras.ts'
import { verifyRim } from '../nvidia/rim/verifyRim.ts'
import { sevSnpVerifier } from '../sevsnp/verifySevSnp.ts'
import type { VectorVerifier, VectorVerify } from './runVectors.ts'

/** Every kind that the vectors know: a line each, as its verifier comes. */
export const vectorVerifiers: { readonly [kind: string]: VectorVerifier } = {
  rim: ([root = new Uint8Array()]) => rim(root),
  nras:
    (roots) =>
    (evidence, endorsements, { now }) =>
      verifyNras(evidence, { jwks: endorsements[0] ?? new Uint8Array(), now, roots }),
  sevsnp: (roots) => sevSnpVerifier({ roots }).verify,
}

// A manifest is no evidence: what an appraisal of a device would list of it is all there is.
const rim =
  (root: Uint8Array): VectorVerify =>
  async (xml, _, { now }) => {
    const { signer } = await verifyRim(xml, { now, root })
    const result = signer === 'current' ? 'pass' : 'unknown'
    const refusal = 'reference-signer-expired'
    return [{ name: 'reference', result, refusal, expected: 'a current signer', actual: signer, source: 'collateral' }]
  }
