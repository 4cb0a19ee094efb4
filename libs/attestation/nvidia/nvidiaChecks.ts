import type { Check } from '../appraisal.ts'
import { check, listed } from '../check.ts'
import type { NvidiaClaims } from './claims.ts'
import type { NvidiaPolicy } from './policy.ts'
import { isDriverAtLeast } from './versions.ts'

/** What a policy demands of one NVIDIA device, check by check. Pure. What stayed unknown is among its findings. */
export function nvidiaChecks(claims: NvidiaClaims, policy: NvidiaPolicy): Check[] {
  return [
    ...measurementCheck(claims),
    holdCheck(claims, policy),
    listed('chip', 'product-not-allowed', policy.chips, claims.chip),
    ...driverCheck(claims, policy),
    listed('vbios', 'gpu-firmware-too-old', policy.vbios, claims.vbiosVersion),
  ]
}

function measurementCheck({ mismatches, driverReference, vbiosReference }: NvidiaClaims): Check[] {
  if (mismatches === null) return []
  const active = (driverReference?.active ?? 0) + (vbiosReference?.active ?? 0)
  const actual = mismatches.length === 0 ? 'all' : `all but index ${mismatches.join(', ')}`
  const expected = `all of ${active} values as signed`
  return [check('measurements', 'device-measurement-mismatch', expected, actual, mismatches.length === 0, 'collateral')]
}

// CERTIFICATE_HOLD is reversible: NVIDIA uses it while it looks into a device, and has not revoked it.
function holdCheck({ revocation }: NvidiaClaims, { onHold }: NvidiaPolicy): Check {
  const isPass = revocation !== 'hold' || onHold === 'allowed'
  const expected = onHold === 'allowed' ? 'any' : 'not on hold'
  return check('hold', 'certificate-on-hold', expected, revocation, isPass, 'collateral')
}

// A switch runs no driver; its firmware is what the list of VBIOS versions names.
function driverCheck({ driverVersion }: NvidiaClaims, { minimumDriver }: NvidiaPolicy): Check[] {
  if (driverVersion === null) return []
  const isPass = minimumDriver === null || isDriverAtLeast(driverVersion, minimumDriver)
  const expected = minimumDriver === null ? 'any' : `>= ${minimumDriver}`
  return [check('driver', 'driver-too-old', expected, driverVersion, isPass, 'policy')]
}
