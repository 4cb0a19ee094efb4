import type { Hex } from '@allod/protocol'
import type { VerifiedCpu, VerifiedDevice } from './verified.ts'

/**
 * Evidence that came as its maker's own file, without Allod's bundle around it: a quote, a report, a device's measurements.
 * Whoever checks it may know the 64 bytes or the nonce that it must answer; without them it proves nothing about freshness.
 */
export type Unbound = {
  readonly verified: { readonly cpu: VerifiedCpu | null; readonly devices: readonly VerifiedDevice[] }
  readonly expected: { readonly reportData: Hex | null; readonly nonce: Hex | null }
}
