import { hardwareVerifiers } from '../hardware/hardwareVerifiers.ts'
import { runVectors, type VectorFile, type VectorVerifier } from './runVectors.ts'
import { vectorVerifiers } from './vectorVerifiers.ts'

// A file without roots is genuine evidence: it is held against the makers' own.
const pinned: { readonly [kind: string]: VectorVerifier } = Object.fromEntries(
  hardwareVerifiers().map((verifier) => ['cpu' in verifier ? verifier.cpu : verifier.device, () => verifier.verify]),
)

/** Runs vectors under their test roots, or genuine evidence under the pinned ones; the same in Node and in a browser. */
export const runIn = (file: VectorFile) => runVectors(file, file.roots.length === 0 ? pinned : vectorVerifiers)
