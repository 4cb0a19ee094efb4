import type { Hex } from '@allod/protocol'

/** How one kind of signed reference values was used. */
export type ReferenceValues = {
  /** NVIDIA's name of the manifest, e.g. NV_GPU_DRIVER_GH100_545.00. */
  readonly id: string
  readonly signer: 'current' | 'expired'
  readonly active: number
}

/** What a GPU or an NVSwitch says, once its signature and chain hold. */
export type NvidiaClaims = {
  readonly kind: 'nvidia-gpu' | 'nvidia-switch'
  /** GH100, GB100, LS10, … */
  readonly chip: string
  readonly driverVersion: string | null
  readonly vbiosVersion: string
  /** SHA-256 of the SubjectPublicKeyInfo of the attestation key's certificate: names a device under one firmware. */
  readonly leafKey: Hex
  /** DICE firmware id, 48 bytes; null on firmware that does not report it. */
  readonly fwid: Hex | null
  readonly nonce: Hex
  readonly measurements: readonly Hex[]
  /** Indices, from 0 as manifests count, that are not what the reference values say; null where there were none to compare with. */
  readonly mismatches: readonly number[] | null
  readonly driverReference: ReferenceValues | null
  readonly vbiosReference: ReferenceValues | null
  /** single-GPU or multi-GPU passthrough, or protected PCIe; null where not reported. */
  readonly feature: 'SPT' | 'MPT' | 'PPCIE' | null
  readonly isNvdecOff: boolean
  readonly revocation: 'good' | 'hold' | 'unknown'
}
