import type { Hex } from '@allod/protocol'
import type { Check } from '../appraisal.ts'
import { known } from '../check.ts'
import type { NvidiaClaims, ReferenceValues } from './claims.ts'
import { fail } from './errors.ts'
import type { Opaque } from './opaque.ts'
import type { Rim } from './rim/verifyRim.ts'
import type { RimNames } from './rimNames.ts'

/** What a device reports, to be held against reference values. */
export type Measured = Pick<Opaque, 'driverVersion' | 'vbiosVersion' | 'isNvdecOff'> & {
  readonly chip: string
  /** The names by which NVIDIA files its manifests. */
  readonly names: RimNames
  readonly measurements: readonly Hex[]
}

/** The comparison, and what of it stays unknown. */
export type Compared = Pick<NvidiaClaims, 'mismatches' | 'driverReference' | 'vbiosReference'> & {
  readonly findings: readonly Check[]
}

// Index, from 0, of NVDEC0's state. Where NVDEC0 is switched off the value is undefined; NVIDIA's own verifier skips it.
const NVDEC_INDEX = 35

/**
 * Compares measurements with the active values of the driver's and the VBIOS's manifests, whose signatures were checked
 * before. What a missing manifest leaves open is a finding; a manifest of something else is an error.
 * @throws nvidia/reference-mismatch, nvidia/reference-conflict, nvidia/bad-endorsement
 */
export function compareGolden(device: Measured, rims: readonly Rim[]): Compared {
  const driver = only(rims, 'driver')
  const vbios = only(rims, 'vbios')
  if (driver !== null) requireOf(driver, device, device.driverVersion)
  if (vbios !== null) requireOf(vbios, device, device.vbiosVersion)
  const golden = merged(rims, device.measurements.length)
  const findings = [
    ...(device.driverVersion === null ? [] : [findingOf('driver', device.driverVersion, driver)]),
    findingOf('vbios', device.vbiosVersion, vbios),
  ]
  const mismatches = [...golden]
    .filter(([index, alternatives]) => {
      if (index === NVDEC_INDEX && device.isNvdecOff) return false
      const measured = device.measurements[index]
      return measured === undefined || !alternatives.includes(measured)
    })
    .map(([index]) => index)
    .sort((a, b) => a - b)
  return {
    mismatches: rims.length === 0 ? null : mismatches,
    driverReference: referenceOf(driver, device.names.driver),
    vbiosReference: referenceOf(vbios, device.names.vbios),
    findings,
  }
}

function only(rims: readonly Rim[], kind: Rim['kind']): Rim | null {
  const [first = null, second] = rims.filter((rim) => rim.kind === kind)
  if (second !== undefined)
    throw fail('bad-endorsement', { expected: `one ${kind} manifest`, actual: [first?.id, second.id] })
  return first
}

function requireOf(rim: Rim, { chip }: Measured, version: string | null): void {
  if (rim.version !== version)
    throw fail('reference-mismatch', { expected: version ?? 'no such manifest', actual: rim.version })
  if (rim.chip !== chip) throw fail('reference-mismatch', { expected: chip, actual: rim.chip })
}

// Two manifests speak of disjoint measurements; if both claimed one, either could overrule the other.
function merged(rims: readonly Rim[], blocks: number): ReadonlyMap<number, readonly Hex[]> {
  const golden = new Map<number, readonly Hex[]>()
  for (const rim of rims) {
    for (const [index, alternatives] of rim.values) {
      if (golden.has(index)) throw fail('reference-conflict', { expected: 'disjoint manifests', actual: index })
      if (index >= blocks) throw fail('reference-conflict', { expected: `indices below ${blocks}`, actual: index })
      golden.set(index, alternatives)
    }
  }
  return golden
}

function findingOf(name: 'driver' | 'vbios', version: string, rim: Rim | null): Check {
  const what = `${name}-reference`
  return rim === null
    ? known(what, 'reference-values-unknown', `a signed manifest of ${name} ${version}`, 'none', false)
    : known(what, 'reference-signer-expired', 'a current signer', rim.signer, rim.signer === 'current')
}

const referenceOf = (rim: Rim | null, id: string | null): ReferenceValues | null =>
  rim === null ? null : { id: id ?? rim.id, signer: rim.signer, active: rim.values.size }
