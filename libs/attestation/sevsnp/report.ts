import { type Hex, toHex } from '@allod/protocol'
import { u32, u64 } from '../littleEndian.ts'
import type { SevSnpClaims } from './claims.ts'
import { fail } from './errors.ts'

/** Size of a report, in bytes. */
export const REPORT_BYTES = 0x4a0
const SIGNED_BYTES = 0x2a0
// ECDSA P-384: R and S stand in 72 bytes each, little-endian, and the rest of the 512 is zero.
const SCALAR_BYTES = 48
const FIELD_BYTES = 72

/** A SEV-SNP report, field by field; AMD SEV-SNP ABI 56860, table ATTESTATION_REPORT. Nothing in it is believed yet. */
export type SevSnpReport = {
  /** What needs no product to be understood. */
  readonly stated: Stated
  readonly policy: bigint
  readonly platformInfo: bigint
  readonly signingKey: 'vcek' | 'vlek'
  readonly maskChipKey: boolean
  readonly chipId: Uint8Array
  /** 8 bytes each; which byte is what depends on the product, see tcb.ts. */
  readonly currentTcb: Uint8Array
  readonly reportedTcb: Uint8Array
  readonly committedTcb: Uint8Array
  readonly launchTcb: Uint8Array
  /** Since version 3. */
  readonly cpuid: { readonly family: number; readonly model: number; readonly stepping: number } | null
  /** What the signature is over. */
  readonly signed: Uint8Array
  /** r ‖ s, 96 bytes big-endian, as WebCrypto takes it. */
  readonly signature: Uint8Array
}

type Judged = 'kind' | 'product' | 'cspId' | 'signingKey' | 'policy' | 'platformInfo' | 'chipIdMasked'
type Stated = Omit<SevSnpClaims, Judged | 'currentTcb' | 'reportedTcb' | 'committedTcb' | 'launchTcb'>

/**
 * Parses a report exactly: 1184 bytes, every reserved bit and byte zero, the signature as the firmware writes it.
 * @throws sevsnp/bad-report, sevsnp/unknown-version, sevsnp/unknown-signing-key, sevsnp/signature-not-canonical
 */
export function parseReport(bytes: Uint8Array): SevSnpReport {
  if (bytes.length !== REPORT_BYTES)
    throw fail('bad-report', { expected: REPORT_BYTES, actual: bytes.length, meta: { field: 'size' } })
  const at = (offset: number, size: number): Uint8Array => bytes.slice(offset, offset + size)
  const version = versionOf(u32(bytes, 0x00))
  requireReserved(bytes, version)
  return {
    stated: statedOf(bytes, version),
    policy: policyOf(u64(bytes, 0x08)),
    signingKey: signingKeyOf(u32(bytes, 0x34), u32(bytes, 0x48)),
    platformInfo: platformInfoOf(u64(bytes, 0x40)),
    maskChipKey: (u32(bytes, 0x48) & 2) !== 0,
    chipId: at(0x1a0, 64),
    currentTcb: at(0x38, 8),
    reportedTcb: at(0x180, 8),
    committedTcb: at(0x1e0, 8),
    launchTcb: at(0x1f0, 8),
    cpuid:
      version === 2 ? null : { family: byte(bytes, 0x188), model: byte(bytes, 0x189), stepping: byte(bytes, 0x18a) },
    signed: at(0, SIGNED_BYTES),
    signature: signatureOf(bytes),
  }
}

function statedOf(bytes: Uint8Array, version: Stated['version']): Stated {
  const hex = (offset: number, size: number): Hex => toHex(bytes.subarray(offset, offset + size))
  // Build, minor, major, in this order.
  const firmware = (offset: number): string => [2, 1, 0].map((i) => bytes[offset + i]).join('.')
  return {
    version,
    guestSvn: u32(bytes, 0x04),
    familyId: hex(0x10, 16),
    imageId: hex(0x20, 16),
    vmpl: atMost(3, u32(bytes, 0x30), 'VMPL'),
    authorKeyEnabled: (u32(bytes, 0x48) & 1) !== 0,
    reportData: hex(0x50, 64),
    measurement: hex(0x90, 48),
    hostData: hex(0xc0, 32),
    idKeyDigest: hex(0xe0, 48),
    authorKeyDigest: hex(0x110, 48),
    reportId: hex(0x140, 32),
    reportIdMa: hex(0x160, 32),
    chipId: hex(0x1a0, 64),
    currentVersion: firmware(0x1e8),
    committedVersion: firmware(0x1ec),
    launchMitVector: version === 5 ? hex(0x1f8, 8) : null,
    currentMitVector: version === 5 ? hex(0x200, 8) : null,
  }
}

const byte = (bytes: Uint8Array, at: number): number => bytes[at] as number

// Version 4 is spoken of by others as laid out like 3; AMD's tables that we know do not say so, hence it stays unknown.
function versionOf(version: number): Stated['version'] {
  if (version === 2 || version === 3 || version === 5) return version
  throw fail('unknown-version', { expected: '2, 3 or 5', actual: version })
}

function requireReserved(bytes: Uint8Array, version: Stated['version']): void {
  requireZero(bytes, 0x4c, 0x50)
  // CPUID family, model and stepping since version 3, mitigation vectors since version 5.
  requireZero(bytes, version === 2 ? 0x188 : 0x18b, 0x1a0)
  requireZero(bytes, 0x1eb, 0x1ec)
  requireZero(bytes, 0x1ef, 0x1f0)
  requireZero(bytes, version === 5 ? 0x208 : 0x1f8, SIGNED_BYTES)
}

function requireZero(bytes: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i++)
    if (bytes[i] !== 0) throw fail('bad-report', { expected: 0, actual: bytes[i], meta: { field: `reserved ${i}` } })
}

// Bit 17 is always one, 63:26 always zero.
function policyOf(policy: bigint): bigint {
  if ((policy & (1n << 17n)) === 0n || policy >> 26n !== 0n)
    throw fail('bad-report', { actual: `0x${policy.toString(16)}`, meta: { field: 'POLICY' } })
  return policy
}

// Bits 0 to 5 and 7 have a meaning, and genuine Turin sets bit 6, of which our tables say nothing. What a later firmware may
// say with higher bits is not known here, so it is not believed.
function platformInfoOf(info: bigint): bigint {
  if ((info & ~0xffn) !== 0n)
    throw fail('bad-report', { actual: `0x${info.toString(16)}`, meta: { field: 'PLATFORM_INFO' } })
  return info
}

function signingKeyOf(algorithm: number, flags: number): 'vcek' | 'vlek' {
  if (flags >>> 5 !== 0) throw fail('bad-report', { actual: flags, meta: { field: 'KEY_INFO' } })
  const key = (flags >>> 2) & 7
  // Algorithm 1 is ECDSA P-384 with SHA-384; key 7 is none.
  if (algorithm !== 1 || key > 1)
    throw fail('unknown-signing-key', { expected: 'VCEK or VLEK, ECDSA P-384', actual: `${key}, ${algorithm}` })
  return key === 0 ? 'vcek' : 'vlek'
}

function atMost(max: number, value: number, field: string): number {
  if (value > max) throw fail('bad-report', { expected: `<= ${max}`, actual: value, meta: { field } })
  return value
}

// The bytes around R and S are outside the signature, hence zero or nothing.
function signatureOf(bytes: Uint8Array): Uint8Array {
  const isZero = (from: number, to: number): boolean => bytes.subarray(from, to).every((b) => b === 0)
  const r = SIGNED_BYTES
  const s = r + FIELD_BYTES
  if (!isZero(r + SCALAR_BYTES, s) || !isZero(s + SCALAR_BYTES, REPORT_BYTES)) throw fail('signature-not-canonical')
  const signature = new Uint8Array(2 * SCALAR_BYTES)
  signature.set(bytes.slice(r, r + SCALAR_BYTES).reverse())
  signature.set(bytes.slice(s, s + SCALAR_BYTES).reverse(), SCALAR_BYTES)
  return signature
}
