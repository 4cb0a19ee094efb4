import type { Check } from './appraisal.ts'
import { check, counted } from './check.ts'
import type { HardwarePolicy } from './policy.ts'
import type { VerifiedDevice } from './verified.ts'

/** What is demanded of all devices of one machine together: how many switches there are, and that one driver runs the GPUs. */
export function deviceSetChecks(devices: readonly VerifiedDevice[], { nvidia }: HardwarePolicy): Check[] {
  const switches = devices.filter((d) => d.role === 'switch').length
  return [counted('switch-count', 'switch-count-mismatch', nvidia.switches, switches), ...driverCheck(devices)]
}

// One driver runs all GPUs of a machine. Where two are reported, one GPU's evidence is old or comes from elsewhere.
function driverCheck(devices: readonly VerifiedDevice[]): Check[] {
  const gpus = devices.filter((d) => d.role === 'gpu')
  if (gpus.length < 2) return []
  const drivers = new Set(gpus.map((d) => d.firmware))
  return [
    check(
      'one-driver',
      'driver-versions-differ',
      'one version',
      [...drivers].join(', '),
      drivers.size === 1,
      'evidence',
    ),
  ]
}
