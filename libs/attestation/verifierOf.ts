import { errorsOf } from '@allod/protocol'
import type { CpuVerifier, DeviceVerifier, Verifier } from './verified.ts'

const fail = errorsOf('attestation', {
  'unsupported-kind': [
    'evidence is of a kind that this program does not verify',
    'use a release that verifies this kind; a production program never verifies simulated evidence',
  ],
})

/** The verifier of a kind of CPU evidence. @throws attestation/unsupported-kind */
export function cpuVerifierOf(verifiers: readonly Verifier[], kind: string): CpuVerifier {
  const found = verifiers.find((v): v is CpuVerifier => 'cpu' in v && v.cpu === kind)
  if (!found) throw fail('unsupported-kind', { actual: kind })
  return found
}

/** The verifier of a kind of device evidence. @throws attestation/unsupported-kind */
export function deviceVerifierOf(verifiers: readonly Verifier[], kind: string): DeviceVerifier {
  const found = verifiers.find((v): v is DeviceVerifier => 'device' in v && v.device === kind)
  if (!found) throw fail('unsupported-kind', { actual: kind })
  return found
}
