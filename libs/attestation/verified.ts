import type { Hex } from '@allod/protocol'
import type { CpuKind, DeviceKind } from './evidence.ts'

/** What the CPU's evidence says, once its signatures hold. Nothing here has been judged. */
export type VerifiedCpu = {
  readonly kind: CpuKind
  /** True only where a hardware vendor's root vouches for the chip. */
  readonly isHardware: boolean
  /** The root of trust that the chain ends in. */
  readonly root: Hex
  /** Launch measurement, 48 bytes. */
  readonly measurement: Hex
  /** Hash of the launch configuration, 32 bytes (TDX MRCONFIGID, SNP HOST_DATA). */
  readonly configHash: Hex
  /** 64 bytes. */
  readonly reportData: Hex
  readonly isDebug: boolean
  readonly tcb: number
  /** The machine's id, as providers register it. */
  readonly machine: Hex
  /** False where the environment had no sandbox; hardware always isolates. */
  readonly isIsolated: boolean
  /** Unix seconds; the earliest end of any certificate or collateral used. */
  readonly validUntil: number
}

/** What one device's evidence says, once its signatures hold. */
export type VerifiedDevice = {
  readonly kind: DeviceKind
  readonly role: 'gpu' | 'switch'
  readonly isHardware: boolean
  readonly root: Hex
  /** The device's own key or serial, to tell devices apart. */
  readonly device: Hex
  readonly nonce: Hex
  /** Confidential-computing mode is on. */
  readonly isConfidential: boolean
  readonly isDebug: boolean
  readonly firmware: number
  /** Unix seconds. */
  readonly validUntil: number
}

/** A bundle whose cryptography holds. */
export type Verified = {
  readonly cpu: VerifiedCpu
  readonly devices: readonly VerifiedDevice[]
  /** SHA-256 of lp of each device evidence, as presented and in order. */
  readonly devicesHash: Hex
}

/** When to judge windows of validity: Unix seconds. */
export type At = { readonly now: number }

/** Checks one kind of CPU evidence; throws typed errors, never returns what it did not check. */
export type CpuVerifier = {
  readonly cpu: CpuKind
  readonly verify: (evidence: Uint8Array, endorsements: readonly Uint8Array[], at: At) => Promise<VerifiedCpu>
}

/** Checks one kind of device evidence. */
export type DeviceVerifier = {
  readonly device: DeviceKind
  readonly verify: (evidence: Uint8Array, endorsements: readonly Uint8Array[], at: At) => Promise<VerifiedDevice>
}

export type Verifier = CpuVerifier | DeviceVerifier
