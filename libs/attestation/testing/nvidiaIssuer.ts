import { concat, utf8 } from '@allod/protocol'
import { encodeDer } from '../x509/encodeDer.ts'
import { implicit, integer, octets, oid, printableString, sequence, set, utf8String } from './derWriter.ts'
import { type CertificateFacts, extension, issueCertificate, type TestCertificate } from './issue.ts'
import { pemOf } from './pemOf.ts'
import { newTestKey, type TestKey } from './testKey.ts'

/** The authorities over devices, under a root of our own: root, identity, provisioner. */
export type NvidiaAuthorities = {
  readonly root: TestCertificate
  readonly identity: TestCertificate
  readonly provisioner: TestCertificate
}

/** A device: its own certificate, its attestation key’s, and the chain as it reports it. */
export type TestDevice = {
  readonly authorities: NvidiaAuthorities
  readonly device: TestCertificate
  readonly leaf: TestCertificate
  readonly pem: Uint8Array<ArrayBuffer>
}

/** The firmware id that test devices state. */
export const FWID = new Uint8Array(48).fill(0xf1)

const never = 253_402_300_799
const SHA384 = '2.16.840.1.101.3.4.2.2'

/** Makes the authorities as NVIDIA names them. */
export async function newNvidiaAuthorities(): Promise<NvidiaAuthorities> {
  const authority = async (subject: string, serial: number, issuer?: TestCertificate) =>
    issueCertificate({
      ...{ subject, serial, isCa: true, notAfter: never, key: await newTestKey('P-384') },
      ...(issuer === undefined ? {} : { issuer }),
    })
  const root = await authority('Test Device Identity CA', 1)
  const identity = await authority('Test Identity', 2, root)
  return { root, identity, provisioner: await authority('Test Provisioner ICA 1', 3, identity) }
}

/** How a leaf states its firmware id: Hopper’s extension, Blackwell’s, or not at all. */
export type FwidStyle = 'composite' | 'tcbInfo' | 'none'

export type DeviceFacts = {
  /** Common name of the attestation key’s certificate. */
  readonly name?: string
  readonly fwid?: Uint8Array
  readonly style?: FwidStyle
  readonly serial?: number
  /** The device's own certificate, where it exists already. */
  readonly device?: TestCertificate
  /** Laid over what is issued. */
  readonly leaf?: Partial<CertificateFacts>
}

/** Makes a device with a fresh key. */
export async function newDevice(authorities: NvidiaAuthorities, facts: DeviceFacts = {}): Promise<TestDevice> {
  const { name = 'GH100 A01 GSP FMC LF', fwid = FWID, style = 'composite', serial = 0x41 } = facts
  const device =
    facts.device ??
    (await issueCertificate({
      ...{ subject: named(name.replace(/FMC LF$/, 'BROM'), serial), serial, issuer: authorities.provisioner },
      ...{ isCa: true, keyUsage: ['keyCertSign'] as const, notAfter: never, key: await newTestKey('P-384') },
    }))
  const key = await newTestKey('P-384')
  const leaf = await issueCertificate({
    ...{ subject: named(name, serial + 1), serial: serial + 1, issuer: device, notAfter: never, key },
    extensions: fwidExtensions(style, key, fwid),
    ...facts.leaf,
  })
  const { provisioner, identity, root } = authorities
  const pem = pemOf('CERTIFICATE', ...[leaf, device, provisioner, identity, root].map(({ der }) => der))
  return { authorities, device, leaf, pem }
}

// As NVIDIA writes them: serial number, then common name.
const named = (name: string, serial: number): Uint8Array =>
  sequence(
    set(sequence(oid('2.5.4.5'), printableString(serial.toString(16).toUpperCase()))),
    set(sequence(oid('2.5.4.3'), utf8String(name))),
  )

/** The extensions that state a firmware id. */
export function fwidExtensions(style: FwidStyle, { spki }: TestKey, fwid: Uint8Array): readonly Uint8Array[] {
  const digest = sequence(oid(SHA384), octets(fwid))
  if (style === 'composite') return [extension('2.23.133.5.4.1', sequence(integer(1), spki, digest))]
  if (style === 'none') return []
  const fwids = encodeDer(0xa6, digest, sequence(oid(SHA384), octets(new Uint8Array(48))))
  return [
    extension('2.23.133.5.4.1.1', sequence(implicit(0, utf8('NVIDIA')), implicit(1, utf8('GB100 A01 GSP')), fwids)),
  ]
}

/** One field of opaque data: type ‖ length ‖ value. */
export const opaqueField = (type: number, value: Uint8Array): Uint8Array => concat(u16(type), u16(value.length), value)

const zero = (text: string): Uint8Array => concat(utf8(text), Uint8Array.of(0))

/** The opaque data of a GPU that runs driver 580.95.05 and VBIOS 96.00.74.00.20, by type. */
export const gpuFields: ReadonlyMap<number, Uint8Array> = new Map([
  [6, Uint8Array.of(0x00, 0x74, 0x00, 0x96, 0x20, 0, 0, 0)],
  [15, concat(utf8('882'), new Uint8Array(6))],
  [17, zero('1010')],
  [18, zero('0200')],
  [3, zero('580.95.05')],
  [11, Uint8Array.of(0x55)],
  [20, FWID],
  [34, u16(1)],
  [36, u16(0)],
])

/** Those of a switch with BIOS 96.10.55.00.01. */
export const switchFields: ReadonlyMap<number, Uint8Array> = new Map([
  [6, utf8('96.10.55.00.01')],
  [22, new Uint8Array(8).fill(0x5d)],
  [25, u16(1)],
])

/** The measurement of an index, as test devices report it. */
export const measurement = (index: number): Uint8Array => new Uint8Array(48).fill(index + 1)

export type EvidenceFacts = {
  readonly nonce?: Uint8Array
  readonly blocks?: number
  readonly fields?: ReadonlyMap<number, Uint8Array>
  /** Changes what is reported, by index. */
  readonly measurements?: ReadonlyMap<number, Uint8Array>
  /** Replaces the opaque data. */
  readonly opaque?: Uint8Array
  /** Changes request and response before they are signed. */
  readonly patch?: (signed: Uint8Array) => Uint8Array
  /** Signs instead of the leaf’s key. */
  readonly key?: TestKey
}

/** Request, response and signature. */
export async function signEvidence(device: TestDevice, facts: EvidenceFacts = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { blocks = 64, fields = gpuFields, measurements, patch = (same) => same } = facts
  const opaque = facts.opaque ?? concat(...[...fields].map(([type, value]) => opaqueField(type, value)))
  const record = Array.from({ length: blocks }, (_, i) =>
    concat(Uint8Array.of(i + 1, 1, 51, 0, 1, 48, 0), measurements?.get(i) ?? measurement(i)),
  )
  const recordBytes = blocks * 55
  const signed = patch(
    concat(
      ...[Uint8Array.of(0x11, 0xe0, 0x01, 0xff), facts.nonce ?? new Uint8Array(32).fill(0x22), Uint8Array.of(0)],
      ...[Uint8Array.of(0x11, 0x60, 0, 0, blocks, recordBytes & 0xff, recordBytes >> 8, 0), ...record],
      ...[new Uint8Array(32).fill(0x33), u16(opaque.length), opaque],
    ),
  )
  return concat(signed, await (facts.key ?? device.leaf.key).signRaw(signed))
}

function u16(value: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(value & 0xff, value >> 8)
}
