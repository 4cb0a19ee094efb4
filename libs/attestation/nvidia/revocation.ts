import type { Check } from '../appraisal.ts'
import type { NvidiaClaims } from './claims.ts'
import type { DeviceChain } from './deviceChain.ts'
import type { Rim } from './rim/verifyRim.ts'

/** What OCSP responses say of a device's certificates. */
export type Revocation = {
  readonly status: NvidiaClaims['revocation']
  readonly findings: readonly Check[]
  readonly validUntil: number
}

export async function deviceRevocation(
  _chain: DeviceChain,
  _rims: readonly Rim[],
  _ocsp: readonly Uint8Array[],
  _now: number,
): Promise<Revocation> {
  return {
    status: 'unknown',
    findings: [
      {
        name: 'revocation',
        result: 'unknown',
        refusal: 'revocation-unknown',
        expected: 'x',
        actual: 'none',
        source: 'collateral',
      },
    ],
    validUntil: Number.MAX_SAFE_INTEGER,
  }
}
