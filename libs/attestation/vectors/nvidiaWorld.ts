// The test roots of nvidia.json, who stands under them, what they say, and what is brought along.
import { concat, toHex, utf8 } from '@allod/protocol'
import { issueCertificate } from '../testing/issue.ts'
import { issueOcsp } from '../testing/issueOcsp.ts'
import {
  FWID,
  fwidExtensions,
  gpuFields,
  measurement,
  newDevice,
  newNvidiaAuthorities,
  opaqueField,
  signEvidence,
  switchFields,
  type TestDevice,
} from '../testing/nvidiaIssuer.ts'
import { pemOf } from '../testing/pemOf.ts'
import { newRimSigner, rimText, signRim } from '../testing/rimIssuer.ts'
import type { VectorCase } from '../testing/runVectors.ts'
import { newTestKey } from '../testing/testKey.ts'

export const NOW = 1_790_000_000
export const DAY = 86_400
export const NONCE = toHex(new Uint8Array(32).fill(0x22))

// Who there is.
export const authorities = await newNvidiaAuthorities()
export const strangers = await newNvidiaAuthorities()
export const { root, identity, provisioner } = authorities
export const gpu = await newDevice(authorities)
export const blackwell = await newDevice(authorities, { name: 'GB100 A01 GSP FMC LF', style: 'tcbInfo', serial: 0x51 })
const nvswitch = await newDevice(authorities, { name: 'LS_10 A01 FSP FMC LF', style: 'none', serial: 0x61 })
export const chainOf = (device: TestDevice) => [device.leaf, device.device, provisioner, identity, root].map(({ der }) => der)
export const pem = (...ders: readonly Uint8Array[]) => pemOf('CERTIFICATE', ...ders)
export const [leaf, device, ica, idCa, rootDer] = chainOf(gpu) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array]
export const withLeaf = async (facts: Parameters<typeof issueCertificate>[0]) =>
  pem((await issueCertificate(facts)).der, device, ica, idCa, rootDer)
export const leafFacts = { subject: gpu.leaf.subject, key: gpu.leaf.key, issuer: gpu.device }
export const composite = fwidExtensions('composite', gpu.leaf.key, FWID)

// What they say.
export const fieldsWith = (changes: readonly (readonly [number, Uint8Array | null])[], of = gpuFields) => {
  const fields = new Map(of)
  for (const [type, value] of changes) {
    if (value === null) fields.delete(type)
    else fields.set(type, value)
  }
  return fields
}
export const zero = (text: string) => concat(utf8(text), Uint8Array.of(0))
export const old = fieldsWith([[3, zero('545.00')], [20, null], [34, null], [36, null]])
export const evidence = await signEvidence(gpu)
const opaqueOf = (fields: ReadonlyMap<number, Uint8Array>) => concat(...[...fields].map(([t, v]) => opaqueField(t, v)))
export const gpuOpaque = opaqueOf(gpuFields)
export const at = (place: number, ...bytes: readonly number[]) => (signed: Uint8Array) => {
  const changed = signed.slice()
  changed.set(bytes, place)
  return changed
}
export const patched = (place: number, ...bytes: readonly number[]) => signEvidence(gpu, { patch: at(place, ...bytes) })
export const withFields = (...changes: readonly (readonly [number, Uint8Array | null])[]) =>
  signEvidence(gpu, { fields: fieldsWith(changes) })
export const ofSwitch = (fields = switchFields) => signEvidence(nvswitch, { blocks: 31, fields })

// What ought to be measured.
export const signer = await newRimSigner()
export const value = (index: number) => toHex(measurement(index)).slice(2)
export const OTHER = 'ee'.repeat(48)
export const active = (...indices: readonly number[]) => indices.map((index) => ({ index, isActive: true, hashes: [value(index)] }))
const driverValues = [...active(10, 11, 12), { index: 13, isActive: true, hashes: [OTHER, value(13)] }]
const vbiosValues = [...active(0, 1, 2), { index: 5, isActive: false, hashes: [OTHER] }]
export const rim = (facts: Partial<Parameters<typeof rimText>[0]>, by = signer) =>
  signRim(rimText({ version: '580.95.05', measurements: driverValues, ...facts }), by)
export const vbiosRim = (facts: Partial<Parameters<typeof rimText>[0]> = {}, by = signer) =>
  rim({ version: '96.00.74.00.20', measurements: vbiosValues, ...facts }, by)

// What was revoked.
const dates = { thisUpdate: NOW - DAY, nextUpdate: NOW + DAY }
export const ocspOf = (facts: Partial<Parameters<typeof issueOcsp>[0]> = {}) =>
  issueOcsp({ certificate: gpu.device, issuer: provisioner, ...dates, ...facts })
export const [rimLeaf, rimL3, rimL2, rimRoot] = signer.chain as unknown as [typeof root, typeof root, typeof root, typeof root]

export const blobs: Record<string, Uint8Array> = {
  'device root': rootDer,
  'manifest root': rimRoot.der,
  gpu: evidence,
  'gpu chain': gpu.pem,
  switch: await ofSwitch(),
  'switch chain': nvswitch.pem,
  driver: await rim({}),
  vbios: await vbiosRim(),
  'ocsp device': await ocspOf(),
  'ocsp provisioner': await ocspOf({ certificate: provisioner, issuer: identity }),
  'ocsp identity': await ocspOf({ certificate: identity, issuer: root }),
  'ocsp rim signer': await ocspOf({ certificate: rimLeaf, issuer: rimL3 }),
  'ocsp rim l3': await ocspOf({ certificate: rimL3, issuer: rimL2 }),
  'ocsp rim l2': await ocspOf({ certificate: rimL2, issuer: rimRoot }),
}
export const deviceOcsp = ['ocsp device', 'ocsp provisioner', 'ocsp identity']
export const everything = ['gpu chain', 'driver', 'vbios', ...deviceOcsp, 'ocsp rim signer', 'ocsp rim l3', 'ocsp rim l2']
export const cases: VectorCase[] = []
export const named = { exceptions: ['revocation-unknown', 'reference-values-unknown'] }

export type Case = Omit<VectorCase, 'name' | 'expect' | 'evidence' | 'endorsements'> & {
  readonly evidence?: string | Uint8Array
  readonly endorsements?: readonly (string | Uint8Array)[]
}

// A case's own blobs get its name. Unless told, what is missing is excepted, so that the one thing wrong is what refuses.
export function add(expect: string, name: string, { evidence: said = 'gpu', endorsements = ['gpu chain'], ...rest }: Case = {}) {
  const blobOf = (blob: string | Uint8Array, suffix: string): string => {
    if (typeof blob === 'string') return blob
    const same = Object.keys(blobs).find((known) => toHex(blobs[known] as Uint8Array) === toHex(blob))
    if (same !== undefined) return same
    blobs[`${name}, ${suffix}`] = blob
    return `${name}, ${suffix}`
  }
  const brought = endorsements.map((blob, i) => blobOf(blob, `endorsement ${i}`))
  cases.push({ name, evidence: blobOf(said, 'evidence'), endorsements: brought, policy: named, ...rest, expect })
}
export const strict = { policy: {} }
export const brings = (...endorsements: readonly (string | Uint8Array)[]): Case => ({ endorsements })
export const says = (bytes: Uint8Array): Case => ({ evidence: bytes })
export const asSwitch = { kind: 'nvidia-switch', evidence: 'switch', endorsements: ['switch chain'] } as const

/** A driver's manifest by a signer of the same authorities whose certificate ends at `notAfter`. */
export async function rimBy({ chain }: typeof signer, notAfter: number): Promise<Uint8Array> {
  const [, l3, ...above] = chain
  if (l3 === undefined) throw new Error('no signer')
  const key = await newTestKey('P-384')
  const brief = await issueCertificate({ subject: 'Test RIM L4 Signer', key, issuer: l3, notAfter })
  return rim({}, { chain: [brief, l3, ...above] })
}

