import type { Hex } from '@allod/protocol'

/** Claims by name; what lies deeper has its path, as `x-nvidia-gpu-driver-rim-cert-chain/x-nvidia-cert-status`. */
export type TokenClaims = ReadonlyMap<string, string | number | boolean | null>

/** What NVIDIA's service says of one device. */
export type NrasDevice = {
  /** GPU-0, SWITCH-1, … */
  readonly name: string
  readonly role: 'gpu' | 'switch'
  readonly claims: TokenClaims
}

/**
 * What NVIDIA's attestation service says, once its signatures hold. It is the service that judged, not the device: this stands
 * for no device in a bundle, and only who asks for tokens by name gets them appraised.
 */
export type NrasTokens = {
  readonly kind: 'nras'
  readonly issuer: string
  /** SHA-256 of the pinned certificate that the signing key leads to. */
  readonly root: Hex
  readonly keyId: string
  /** The version of the claims: 2.0, 3.0, … */
  readonly version: string
  readonly nonce: Hex
  /** The service's own verdict. */
  readonly isSuccess: boolean
  readonly devices: readonly NrasDevice[]
  /** Unix seconds; the earliest end of any token and of the key's certificates. */
  readonly validUntil: number
}
