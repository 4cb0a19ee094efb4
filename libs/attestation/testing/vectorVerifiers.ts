import { verifyNras } from '../nvidia/nras/verifyNras.ts'
import { verifyRim } from '../nvidia/rim/verifyRim.ts'
import { nvidiaVerifiers } from '../nvidia/verifyNvidia.ts'
import { sevSnpVerifier } from '../sevsnp/verifySevSnp.ts'
import { tdxVerifier } from '../tdx/verifyTdx.ts'
import type { VectorVerifier, VectorVerify } from './runVectors.ts'

/** Every kind that the vectors know: a line each, as its verifier comes. */
export const vectorVerifiers: { readonly [kind: string]: VectorVerifier } = {
  rim: ([root = new Uint8Array()]) => rim(root),
  nras:
    (roots) =>
    (evidence, endorsements, { now }) =>
      verifyNras(evidence, { jwks: endorsements[0] ?? new Uint8Array(), now, roots }),
  'nvidia-gpu': (roots) => nvidia(roots)[0].verify,
  'nvidia-switch': (roots) => nvidia(roots)[1].verify,
  tdx: (roots) => tdxVerifier({ roots }).verify,
  sevsnp: (roots) => sevSnpVerifier({ roots }).verify,
}

// The root of devices, then that of manifests.
const nvidia = ([root = new Uint8Array(), rimRoot = new Uint8Array()]: readonly Uint8Array[]) =>
  nvidiaVerifiers({ roots: [root], rimRoot })

// A manifest is no evidence: what an appraisal of a device would list of it is all there is.
const rim =
  (root: Uint8Array): VectorVerify =>
  async (xml, _, { now }) => {
    const { signer } = await verifyRim(xml, { now, root })
    const result = signer === 'current' ? 'pass' : 'unknown'
    const refusal = 'reference-signer-expired'
    return [{ name: 'reference', result, refusal, expected: 'a current signer', actual: signer, source: 'collateral' }]
  }
