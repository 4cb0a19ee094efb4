import { toHex } from '@allod/protocol'
import { digest } from '../digest.ts'
import { inOrder } from '../inOrder.ts'
import { type At, type DeviceVerifier, notStated, type VerifiedDevice } from '../verified.ts'
import type { Pin } from '../x509/pinnedRoot.ts'
import { verifyRawEcdsa } from '../x509/signature.ts'
import { verifyChain } from '../x509/verifyChain.ts'
import type { NvidiaClaims } from './claims.ts'
import { type DeviceChain, parseDeviceChain } from './deviceChain.ts'
import { sortEndorsements } from './endorsements.ts'
import { fail } from './errors.ts'
import { COMPOSITE_DEVICE_ID, certifiedFwid, DICE_TCB_INFO } from './fwid.ts'
import { compareGolden } from './golden.ts'
import { type Opaque, parseOpaque, readOpaque } from './opaque.ts'
import { checkRevocation } from './revocation.ts'
import { rimRoot as nvidiaRimRoot } from './rim/roots.ts'
import { type Rim, verifyRim } from './rim/verifyRim.ts'
import { rimNames } from './rimNames.ts'
import { nvidiaDeviceRoot } from './roots.ts'
import { parseSpdm, type Spdm } from './spdm.ts'
import { driverNumber, isDriverAtLeast } from './versions.ts'

export type NvidiaOptions = {
  /** Roots of devices; NVIDIA's own unless told. */
  readonly roots?: readonly Pin[]
  /** Root of reference manifests; NVIDIA's own unless told. */
  readonly rimRoot?: Pin
}

/**
 * Verifiers of GPU and NVSwitch evidence: measurements request and response, the device's chain, firmware id, signature,
 * revocation, reference values. What was not supplied of the last two is a finding; what is wrong throws.
 * @example await nvidiaVerifiers()[0].verify(evidence, [pemChain, driverRim, vbiosRim], { now })
 */
export const nvidiaVerifiers = (options: NvidiaOptions = {}): readonly [DeviceVerifier, DeviceVerifier] => [
  { device: 'nvidia-gpu', verify: (evidence, endorsements, at) => verify('gpu', evidence, endorsements, at, options) },
  {
    device: 'nvidia-switch',
    verify: (evidence, endorsements, at) => verify('switch', evidence, endorsements, at, options),
  },
]

type Role = VerifiedDevice['role']

async function verify(
  role: Role,
  evidence: Uint8Array,
  endorsements: readonly Uint8Array[],
  { now }: At,
  { roots = [nvidiaDeviceRoot], rimRoot = nvidiaRimRoot }: NvidiaOptions,
): Promise<VerifiedDevice> {
  const spdm = parseSpdm(evidence)
  const { chain: pem, rims: manifests, ocsp } = sortEndorsements(endorsements)
  const chain = await parseDeviceChain(pem, role, roots)
  const opaque = readOpaque(parseOpaque(spdm.opaque), role)
  const understood = [COMPOSITE_DEVICE_ID, DICE_TCB_INFO]
  // Signatures are checked beside one another; what is thrown is the first failure in this order, whichever ends first.
  const [{ validUntil }, , rims] = await inOrder([
    verifyChain(chain.path, { root: chain.root, now, understood }),
    requireSigned(spdm, chain),
    inOrder(manifests.map((xml) => verifyRim(xml, { now, root: rimRoot }))),
  ] as const)
  requireFwid(opaque, chain, role)
  const chip = opaque.chipInfo ?? chain.chip
  const names = rimNames(opaque, chip)
  const golden = compareGolden({ ...opaque, chip, names, measurements: spdm.measurements }, rims)
  const revocation = await checkRevocation(chain, rims, ocsp, now)
  const { driverReference, vbiosReference, mismatches } = golden
  return {
    kind: `nvidia-${role}`,
    role,
    isHardware: true,
    root: chain.rootId,
    // Not the attestation key's: that one changes with the firmware, and one GPU could pass for two.
    device: toHex(await digest('SHA-256', chain.device.spki)),
    nonce: spdm.nonce,
    isConfidential: isConfidential(opaque, role),
    // No field says "debug". A GPU in developer tools mode measures other values than the signed ones, so that what refuses
    // it is a mismatch, or that reference values are missing.
    isDebug: false,
    firmware: opaque.driverVersion === null ? 0 : driverNumber(opaque.driverVersion),
    platform: notStated,
    findings: [...revocation.findings, ...golden.findings],
    claims: {
      ...(await claimsOf(opaque, spdm, chain)),
      ...{ kind: `nvidia-${role}`, mismatches, driverReference, vbiosReference, revocation: revocation.status },
    },
    validUntil: Math.min(validUntil, revocation.validUntil, ...rims.filter(isCurrent).map((rim) => rim.validUntil)),
  }
}

// An expired signer is a finding already; a verdict that accepts it does not end in the past for it.
const isCurrent = (rim: Rim): boolean => rim.signer === 'current'

async function claimsOf(
  opaque: Opaque,
  { nonce, measurements }: Spdm,
  chain: DeviceChain,
): Promise<Omit<NvidiaClaims, 'kind' | 'mismatches' | 'driverReference' | 'vbiosReference' | 'revocation'>> {
  const { driverVersion, vbiosVersion, fwid, isNvdecOff, featureFlag } = opaque
  const chip = opaque.chipInfo ?? chain.chip
  const leafKey = toHex(await digest('SHA-256', chain.leaf.spki))
  const feature = featureFlag === null ? null : (FEATURES[featureFlag] ?? null)
  return { chip, driverVersion, vbiosVersion, leafKey, fwid, nonce, measurements, feature, isNvdecOff }
}

const FEATURES = ['SPT', 'MPT', 'PPCIE'] as const

// The attestation key signs plain SHA-384 of request and response, without the prefix of SPDM 1.2.
async function requireSigned({ signed, signature }: Spdm, { leaf }: DeviceChain): Promise<void> {
  if (!(await verifyRawEcdsa(leaf.spki, 'P-384', signed, signature)))
    throw fail('bad-signature', { expected: leaf.commonName })
}

// The oldest driver on record whose GPUs report their firmware id; 545.00 and older do not, nor do switches.
const FWID_SINCE = '550.90.07'

function requireFwid({ fwid, driverVersion }: Opaque, { leaf }: DeviceChain, role: Role): void {
  const isWanted = role === 'gpu' && driverVersion !== null && isDriverAtLeast(driverVersion, FWID_SINCE)
  if (fwid === null && !isWanted) return
  const certified = certifiedFwid(leaf)
  if (fwid === null || fwid !== certified) throw fail('fwid-mismatch', { expected: certified, actual: fwid })
}

/*
 * No field says "confidential computing is on" in so many words. Known: NVIDIA's driver hands out a report only in that mode;
 * since opaque data version 1 a GPU names the mode it is in (SPT, MPT, PPCIE), each of them confidential; and configuration is
 * among the measurements, which must match. Not known: what a GPU outside that mode would answer to somebody who spoke to it
 * without the driver. So: a mode that is named and is none of the three is not confidential; an old GPU that names none is
 * taken for confidential, and its reference values say the rest. A switch says whether its configuration is locked.
 */
function isConfidential({ featureFlag, lockStatus }: Opaque, role: Role): boolean {
  if (role === 'switch') return lockStatus === 1
  return featureFlag === null || featureFlag < FEATURES.length
}
