import { nvidiaVerifiers } from '../nvidia/verifyNvidia.ts'
import { sevSnpVerifier } from '../sevsnp/verifySevSnp.ts'
import { tdxVerifier } from '../tdx/verifyTdx.ts'
import type { Verifier } from '../verified.ts'

/**
 * The verifiers of every hardware kind, each under its maker's pinned roots: Intel TDX, AMD SEV-SNP, NVIDIA GPUs and
 * NVSwitches. No option could add a root or a simulated kind; whoever needs other roots makes a kind's verifier itself.
 */
export const hardwareVerifiers = (): readonly Verifier[] => [tdxVerifier(), sevSnpVerifier(), ...nvidiaVerifiers()]
