import type { Hex } from '@allod/protocol'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { parsePem } from '../x509/pem.ts'
import { type Pin, pinnedRoot } from '../x509/pinnedRoot.ts'
import { MAX_CHAIN } from '../x509/verifyChain.ts'
import { fail } from './errors.ts'

/** A device's certificates, parsed; verified only once `verifyChain` says so. */
export type DeviceChain = {
  /** The attestation key's; then the device's own, and two authorities of NVIDIA. */
  readonly path: readonly Certificate[]
  readonly leaf: Certificate
  /** The device's own, whose key was made with the chip and outlives its firmware. */
  readonly device: Certificate
  readonly root: Certificate
  /** SHA-256 of the root. */
  readonly rootId: Hex
  /** GH100, GB100, LS10, … */
  readonly chip: string
}

const CERTIFICATES = 5

// Common names of attestation keys: "GH100 A01 GSP FMC LF", "GB100 A01 GSP FMC LF"; "LS_10 A01 FSP FMC LF" of a switch.
const NAMES = { gpu: /^(G[A-Z][0-9]{3}) [A-Z0-9]{3} [GF]SP FMC LF$/, switch: /^(LS_[0-9]{2}) [A-Z0-9]{3} FSP FMC LF$/ }

/**
 * Parses a device's PEM chain: leaf, device, two authorities, and the pinned root byte for byte, so that no byte of what was
 * supplied goes unchecked. The leaf must name a device of this role.
 * @throws nvidia/bad-chain, nvidia/wrong-device, x509/bad-pem, x509/bad-der, x509/bad-certificate
 */
export async function parseDeviceChain(
  pem: Uint8Array,
  role: 'gpu' | 'switch',
  roots: readonly Pin[],
): Promise<DeviceChain> {
  const ders = parsePem(pem, 'CERTIFICATE', MAX_CHAIN)
  const last = ders.at(-1)
  if (ders.length !== CERTIFICATES || last === undefined)
    throw fail('bad-chain', { expected: `${CERTIFICATES} certificates`, actual: ders.length })
  const pinned = await pinnedRoot(last, roots)
  if (pinned === null) throw fail('bad-chain', { expected: 'NVIDIA’s pinned root', actual: 'another certificate' })
  const path = ders.slice(0, -1).map((der) => parseCertificate(der))
  const [leaf, device] = path as [Certificate, Certificate]
  if (leaf.isCa || leaf.keyUsage?.has('digitalSignature') !== true)
    throw fail('bad-chain', { expected: 'a key that signs evidence', actual: leaf.commonName })
  const [, chip] = NAMES[role].exec(leaf.commonName ?? '') ?? []
  if (chip === undefined) throw fail('wrong-device', { expected: role, actual: leaf.commonName })
  return { path, leaf, device, root: pinned.certificate, rootId: pinned.id, chip: chip.replace('_', '') }
}
