import { devicesInput, fromBase64Url, toHex } from '@allod/protocol'
import { digest } from './digest.ts'
import type { EvidenceBundle } from './evidence.ts'
import type { At, Verified, Verifier } from './verified.ts'
import { cpuVerifierOf, deviceVerifierOf } from './verifierOf.ts'

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
  const endorsed = cpu.endorsements.map(fromBase64Url)
  const verifiedCpu = await cpuVerifierOf(verifiers, cpu.kind).verify(fromBase64Url(cpu.evidence), endorsed, { now })
  const verifiedDevices = []
  for (const { kind, evidence, endorsements } of devices) {
    const { verify: verifyDevice } = deviceVerifierOf(verifiers, kind)
    verifiedDevices.push(await verifyDevice(fromBase64Url(evidence), endorsements.map(fromBase64Url), { now }))
  }
  return {
    cpu: verifiedCpu,
    devices: verifiedDevices,
    devicesHash: toHex(await digest('SHA-256', devicesInput(devices.map((d) => fromBase64Url(d.evidence))))),
  }
}
