import { type Hex, toHex } from '@allod/protocol'
import type { Field } from '../field.ts'
import { opaqueFields, parseOpaque } from './opaque.ts'
import { parseSpdm } from './spdm.ts'
import { ascii, gpuVbiosVersion } from './versions.ts'

/**
 * Every field of a GPU's or a switch's evidence, in words. Parses only: nothing of it is verified.
 * @throws nvidia/bad-evidence, nvidia/bad-measurements, nvidia/trailing-bytes, nvidia/bad-opaque
 */
export function describeNvidia(evidence: Uint8Array): readonly Field[] {
  const spdm = parseSpdm(evidence)
  return [
    field(
      'GET_MEASUREMENTS.Nonce',
      spdm.nonce,
      'the nonce the device was asked with; it proves that the answer is fresh',
    ),
    field('MEASUREMENTS.NumberOfBlocks', String(spdm.measurements.length), 'how many measurements the device reports'),
    ...spdm.measurements.map((value, i) => field(`MeasurementBlock[${i}]`, value, measurementWords(value, i))),
    field('MEASUREMENTS.Nonce', spdm.responderNonce, 'a nonce of the device’s own'),
    ...[...parseOpaque(spdm.opaque)].map(([type, value]) => opaqueField(type, value)),
    field('MEASUREMENTS.Signature', toHex(spdm.signature), 'ECDSA P-384 by the attestation key over all of the above'),
  ]
}

const field = (name: string, value: string, words: string): Field => ({ name, value, words })

const measurementWords = (value: Hex, index: number): string =>
  `SHA-384 measurement of index ${index} in the reference manifests${/^0x0+$/.test(value) ? ', not in use' : ''}`

type Shown = readonly [name: string, words: string, show?: (value: Uint8Array) => string]

const asText = (value: Uint8Array): string => ascii(value).replace(/\?+$/, '')
const asNumber = (value: Uint8Array): string => String(value.reduce((sum, byte, i) => sum + byte * 256 ** i, 0))
const asVbios = (value: Uint8Array): string => (value.length === 8 ? gpuVbiosVersion(value) : asText(value))
const asSwitch = (value: Uint8Array): string =>
  ({ '0xaa': 'on', '0x55': 'off' })[toHex(value) as string] ?? toHex(value)
const asFeature = (value: Uint8Array): string => ['SPT', 'MPT', 'PPCIE'][Number(asNumber(value))] ?? toHex(value)

// Names as NVIDIA's attestation SDK spells them, without OPAQUE_FIELD_ID_.
const known: ReadonlyMap<number, Shown> = new Map<number, Shown>([
  [
    opaqueFields.DRIVER_VERSION,
    ['DRIVER_VERSION', 'the driver that runs the GPU; its manifest must be of this version', asText],
  ],
  [4, ['GPU_INFO', 'identifies the GPU’s implementation']],
  [
    opaqueFields.VBIOS_VERSION,
    ['VBIOS_VERSION', 'the VBIOS or switch BIOS; its manifest must be of this version', asVbios],
  ],
  [
    opaqueFields.NVDEC0_STATUS,
    ['NVDEC0_STATUS', 'whether video decoder 0 is on; measurement 35 counts only if so', asSwitch],
  ],
  [12, ['MSRSCNT', 'how often each measurement was extended']],
  [13, ['CPRINFO', 'extent of the compute protected region']],
  [14, ['BOARD_ID', 'the board']],
  [opaqueFields.CHIP_SKU, ['CHIP_SKU', 'part of the VBIOS manifest’s name', asText]],
  [16, ['CHIP_SKU_MOD', 'variant of the chip', asText]],
  [opaqueFields.PROJECT, ['PROJECT', 'part of the VBIOS manifest’s name', asText]],
  [opaqueFields.PROJECT_SKU, ['PROJECT_SKU', 'part of the VBIOS manifest’s name', asText]],
  [19, ['PROJECT_SKU_MOD', 'variant of the board', asText]],
  [
    opaqueFields.FWID,
    ['FWID', 'the firmware that holds the attestation key; the key’s certificate must name the same'],
  ],
  [21, ['PROTECTED_PCIE_STATUS', 'whether several GPUs share one confidential machine over NVLink', asSwitch]],
  [22, ['SWITCH_PDI', 'device ids: a switch’s own, or those of the switches a GPU is linked to']],
  [23, ['FLOORSWEPT_PORTS', 'ports that are switched off']],
  [24, ['POSITION_ID', 'which of the machine’s switches this is', asNumber]],
  [opaqueFields.LOCK_SWITCH_STATUS, ['LOCK_SWITCH_STATUS', '1 where the switch’s configuration is locked', asNumber]],
  [26, ['SWITCH_GPU_PDIS', 'device ids of the GPUs linked to the switch, and by which ports']],
  [33, ['SYS_ENABLE_STATUS', 'which parts of the chip are enabled']],
  [opaqueFields.OPAQUE_DATA_VERSION, ['OPAQUE_DATA_VERSION', 'version of this list of fields', asNumber]],
  [opaqueFields.CHIP_INFO, ['CHIP_INFO', 'the chip', asText]],
  [opaqueFields.FEATURE_FLAG, ['FEATURE_FLAG', 'single-GPU or multi-GPU passthrough, or protected PCIe', asFeature]],
])

function opaqueField(type: number, value: Uint8Array): Field {
  const [name, words, show = toHex] = known.get(type) ?? [String(type), 'a field this release has no words for']
  return field(`OpaqueData.${name}`, show(value), words)
}
