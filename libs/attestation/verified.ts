import type { Hex } from '@allod/protocol'
import type { Check } from './appraisal.ts'
import type { CpuKind, DeviceKind } from './evidence.ts'
import type { NvidiaClaims } from './nvidia/claims.ts'
import type { SevSnpClaims } from './sevsnp/claims.ts'
import type { TdxClaims } from './tdx/claims.ts'

/** How current a platform is, by its maker's own lists. Data until a policy judges it. */
export type Platform = {
  /** Intel's word; `NotStated` where the maker publishes no such lists. */
  readonly status: TcbStatus
  readonly advisories: readonly string[]
  /** What is below the newest level, and what its operator can do about it: a sentence each. */
  readonly shortfall: readonly string[]
}

/** From best to worst. */
export const tcbStatuses = [
  'NotStated',
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
] as const
export type TcbStatus = (typeof tcbStatuses)[number]

/** A chip without lists of levels: every check of its versions is a policy's own. */
export const notStated: Platform = { status: 'NotStated', advisories: [], shortfall: [] }

type Common = {
  readonly platform: Platform
  /** What verification looked at and could not settle by itself, unknown revocation for one; the appraisal lists them. */
  readonly findings: readonly Check[]
  /** Unix seconds; the earliest end of any certificate or collateral used. */
  readonly validUntil: number
}

/** What the CPU's evidence says, once its signatures hold. Nothing here has been judged. */
export type VerifiedCpu = Common & {
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
  /** TDX: the lists' evaluation number. SEV-SNP: the reported security versions, a byte each; see sevsnp/tcb.ts. */
  readonly tcb: number
  /** The machine's id, as providers register it, 32 bytes; none, `0x`, where the evidence names none. */
  readonly machine: Hex
  /** False where the environment had no sandbox; hardware always isolates. */
  readonly isIsolated: boolean
  /** Every field that was signed, by the names of its specification. */
  readonly claims: TdxClaims | SevSnpClaims | { readonly kind: 'simulated' }
}

/** What one device's evidence says, once its signatures hold. */
export type VerifiedDevice = Common & {
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
  /** Driver version as a number that orders: 580.95.05 is 580095005. */
  readonly firmware: number
  readonly claims: NvidiaClaims | { readonly kind: 'simulated-gpu' }
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
