import { type Hex, toHex } from '@allod/protocol'
import { fail } from './errors.ts'
import { ascii, driverVersion, gpuVbiosVersion, switchVbiosVersion } from './versions.ts'

/** The fields of the opaque data that verification reads. */
export type Opaque = {
  /** Switches have none. */
  readonly driverVersion: string | null
  readonly vbiosVersion: string
  readonly fwid: Hex | null
  /** NVDEC0 is switched off, and its measurement, of index 35, means nothing. */
  readonly isNvdecOff: boolean
  /** The chip by which manifests go, where a GPU of Blackwell or later names it. */
  readonly chipInfo: string | null
  /** As reported: 0 SPT, 1 MPT, 2 PPCIE. */
  readonly featureFlag: number | null
  /** Of a switch: 1 where its configuration is locked. */
  readonly lockStatus: number | null
  /** What NVIDIA files the board's manifests under; a switch reports none. */
  readonly board: { readonly project: string; readonly projectSku: string; readonly chipSku: string } | null
}

/** Names of fields, as NVIDIA's attestation SDK spells them. Others exist; they are signed, listed and not interpreted. */
export const opaqueFields = {
  DRIVER_VERSION: 3,
  VBIOS_VERSION: 6,
  NVDEC0_STATUS: 11,
  CHIP_SKU: 15,
  PROJECT: 17,
  PROJECT_SKU: 18,
  FWID: 20,
  LOCK_SWITCH_STATUS: 25,
  OPAQUE_DATA_VERSION: 34,
  CHIP_INFO: 35,
  FEATURE_FLAG: 36,
} as const

const NVDEC_OFF = 0x55
const MAX_OPAQUE_VERSION = 1

/**
 * Parses opaque data into its fields: type u16 ‖ length u16 ‖ value, filling it exactly, each type once.
 * @throws nvidia/bad-opaque
 */
export function parseOpaque(opaque: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const view = new DataView(opaque.buffer, opaque.byteOffset, opaque.length)
  const fields = new Map<number, Uint8Array>()
  for (let at = 0; at < opaque.length; ) {
    if (at + 4 > opaque.length) throw fail('bad-opaque', { expected: 'a field', actual: `${opaque.length - at} bytes` })
    const type = view.getUint16(at, true)
    const end = at + 4 + view.getUint16(at + 2, true)
    if (end > opaque.length) throw fail('bad-opaque', { expected: 'fields inside the opaque data', actual: type })
    if (fields.has(type)) throw fail('bad-opaque', { expected: 'each field once', actual: type })
    fields.set(type, opaque.subarray(at + 4, end))
    at = end
  }
  return fields
}

/**
 * Reads what verification needs from the fields of one role.
 * @throws nvidia/bad-opaque
 */
export function readOpaque(fields: ReadonlyMap<number, Uint8Array>, role: 'gpu' | 'switch'): Opaque {
  const version = little(fields, 'OPAQUE_DATA_VERSION', 2) ?? 0
  // A later version may give old types a new meaning.
  if (version > MAX_OPAQUE_VERSION)
    throw fail('bad-opaque', { expected: `version ${MAX_OPAQUE_VERSION}`, actual: version })
  const vbios = field(fields, 'VBIOS_VERSION', null)
  if (vbios === null) throw fail('bad-opaque', { expected: 'a VBIOS version' })
  const driver = field(fields, 'DRIVER_VERSION', null)
  if (role === 'gpu' && driver === null) throw fail('bad-opaque', { expected: 'a driver version' })
  const fwid = field(fields, 'FWID', 48)
  return {
    driverVersion: driver === null ? null : driverVersion(driver),
    vbiosVersion: role === 'gpu' ? gpuVbiosVersion(vbios) : switchVbiosVersion(vbios),
    fwid: fwid === null ? null : toHex(fwid),
    isNvdecOff: little(fields, 'NVDEC0_STATUS', 1) === NVDEC_OFF,
    chipInfo: fields.has(opaqueFields.CHIP_INFO) ? word(fields, 'CHIP_INFO') : null,
    featureFlag: little(fields, 'FEATURE_FLAG', 2),
    lockStatus: little(fields, 'LOCK_SWITCH_STATUS', 2),
    board: role === 'gpu' ? boardOf(fields) : null,
  }
}

const boardOf = (fields: ReadonlyMap<number, Uint8Array>): Opaque['board'] => ({
  project: word(fields, 'PROJECT'),
  projectSku: word(fields, 'PROJECT_SKU'),
  chipSku: word(fields, 'CHIP_SKU'),
})

// ASCII, padded with NULs.
function word(fields: ReadonlyMap<number, Uint8Array>, name: Name): string {
  const text = ascii(field(fields, name, null) ?? new Uint8Array()).replace(/\?*$/, '')
  if (!/^[A-Z0-9]{1,8}$/i.test(text)) throw fail('bad-opaque', { expected: name, actual: text.slice(0, 32) })
  return text
}

type Name = keyof typeof opaqueFields

function field(fields: ReadonlyMap<number, Uint8Array>, name: Name, sizeBytes: number | null): Uint8Array | null {
  const value = fields.get(opaqueFields[name]) ?? null
  if (value !== null && sizeBytes !== null && value.length !== sizeBytes)
    throw fail('bad-opaque', { expected: `${name} of ${sizeBytes} bytes`, actual: value.length })
  return value
}

function little(fields: ReadonlyMap<number, Uint8Array>, name: Name, sizeBytes: number): number | null {
  const value = field(fields, name, sizeBytes)
  return value === null ? null : value.reduce((sum, byte, i) => sum + byte * 256 ** i, 0)
}
