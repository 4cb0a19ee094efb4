import { devicesHash, errorsOf, fromBase64Url } from '@allod/protocol'
import type { EvidenceBundle } from './evidence.ts'
import type { At, CpuVerifier, DeviceVerifier, Verified, Verifier } from './verified.ts'

const fail = errorsOf('attestation', {
  'unsupported-kind': [
    'evidence is of a kind that this program does not verify',
    'use a release that verifies this kind; a production program never verifies simulated evidence',
  ],
})

/**
 * Checks the cryptography of a bundle: signatures, chains, windows. Says nothing about whether to trust what it says.
 * @param options.verifiers the kinds this program verifies, each already holding its roots
 * @throws attestation/unsupported-kind, and the verifiers' own errors
 * @example await verify(bundle, { verifiers: [...], now: Math.floor(Date.now() / 1000) })
 */
export async function verify(
  bundle: EvidenceBundle,
  { verifiers, now }: At & { readonly verifiers: readonly Verifier[] },
): Promise<Verified> {
  const { cpu, devices } = bundle
  const cpuVerifier = verifiers.find((v): v is CpuVerifier => 'cpu' in v && v.cpu === cpu.kind)
  if (!cpuVerifier) throw fail('unsupported-kind', { actual: cpu.kind })
  const verifiedCpu = await cpuVerifier.verify(fromBase64Url(cpu.evidence), cpu.endorsements.map(fromBase64Url), {
    now,
  })
  const verifiedDevices = []
  for (const { kind, evidence, endorsements } of devices) {
    const verifier = verifiers.find((v): v is DeviceVerifier => 'device' in v && v.device === kind)
    if (!verifier) throw fail('unsupported-kind', { actual: kind })
    verifiedDevices.push(await verifier.verify(fromBase64Url(evidence), endorsements.map(fromBase64Url), { now }))
  }
  return {
    cpu: verifiedCpu,
    devices: verifiedDevices,
    devicesHash: devicesHash(devices.map((d) => fromBase64Url(d.evidence))),
  }
}
