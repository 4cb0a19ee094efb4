import type { VectorVerifier } from './runVectors.ts'

/** Every kind that the vectors know: a line each, as its verifier comes. */
export const vectorVerifiers: { readonly [kind: string]: VectorVerifier } = {
  // As in `tdx: (roots) => tdxVerifier({ roots }).verify,`; a kind of one file may be many: nvidia-gpu, nvidia-switch.
}
