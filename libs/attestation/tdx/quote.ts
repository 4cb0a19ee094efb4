import { type Hex, toHex } from '@allod/protocol'
import { u16, u32 } from '../littleEndian.ts'
import { fail } from './errors.ts'
import { parseQuoteSignature, type QuoteSignature } from './quoteSignature.ts'
import { parseTdReport, TD_REPORT_10_BYTES, TD_REPORT_15_BYTES, type TdReport } from './tdReport.ts'

/** A quote in its parts; nothing in it is believed yet. */
export type TdxQuote = {
  readonly version: 4 | 5
  readonly tdVersion: '1.0' | '1.5'
  readonly qeVendorId: Hex
  readonly userData: Hex
  /** What the attestation key signed: header and body, version 5 with the body's type and size. */
  readonly signed: Uint8Array
  readonly report: TdReport
  readonly signature: QuoteSignature
  /** Zero bytes after the quote, as files of fixed size have them. Nobody signed them. */
  readonly paddingBytes: number
}

const HEADER_BYTES = 48
/** configfs gives 8 kB at most; quotes with the longest chains are below 6 kB. */
const MAX_QUOTE_BYTES = 1 << 16
const ATTESTATION_KEY_P256 = 2
const TEE_TDX = 0x81
/** Quoting enclave by Intel, the only vendor there is. */
const INTEL_QE_VENDOR: Hex = '0x939a7233f79c4ca9940a0db3957f0607'
// Body types of quote v5; type 1 is an SGX report, which is none of ours.
const TD_REPORT_10 = 2
const TD_REPORT_15 = 3

/**
 * Takes a TDX quote v4 or v5 apart, exactly: every length nests in the one around it, and what follows is zero.
 * @throws tdx/bad-quote, tdx/unsupported-quote, tdx/trailing-bytes
 */
export function parseQuote(bytes: Uint8Array): TdxQuote {
  if (bytes.length > MAX_QUOTE_BYTES)
    throw fail('bad-quote', { expected: `at most ${MAX_QUOTE_BYTES} bytes`, actual: bytes.length })
  requireBytes(bytes, HEADER_BYTES + 6)
  const version = parseHeader(bytes)
  const { bodyAt, bodyBytes } = version === 4 ? { bodyAt: 48, bodyBytes: TD_REPORT_10_BYTES } : parseBodyHeader(bytes)
  const signedBytes = bodyAt + bodyBytes
  requireBytes(bytes, signedBytes + 4)
  const signatureBytes = u32(bytes, signedBytes)
  const end = signedBytes + 4 + signatureBytes
  requireBytes(bytes, end)
  const padding = bytes.subarray(end)
  if (padding.some((b) => b !== 0)) throw fail('trailing-bytes', { actual: padding.length })
  return {
    version,
    tdVersion: bodyBytes === TD_REPORT_15_BYTES ? '1.5' : '1.0',
    qeVendorId: INTEL_QE_VENDOR,
    userData: toHex(bytes.subarray(28, HEADER_BYTES)),
    signed: bytes.subarray(0, signedBytes),
    report: parseTdReport(bytes.subarray(bodyAt, signedBytes)),
    signature: parseQuoteSignature(bytes.subarray(signedBytes + 4, end)),
    paddingBytes: padding.length,
  }
}

function parseHeader(bytes: Uint8Array): 4 | 5 {
  const version = u16(bytes, 0)
  const keyType = u16(bytes, 2)
  const tee = u32(bytes, 4)
  const vendor = toHex(bytes.subarray(12, 28))
  if (version !== 4 && version !== 5) throw unsupported('version 4 or 5', version)
  if (keyType !== ATTESTATION_KEY_P256) throw unsupported('attestation key type 2, ECDSA P-256', keyType)
  if (tee !== TEE_TDX) throw unsupported('TEE type 0x81, TDX', tee)
  if (vendor !== INTEL_QE_VENDOR) throw unsupported(`QE vendor ${INTEL_QE_VENDOR}`, vendor)
  return version
}

function parseBodyHeader(bytes: Uint8Array): { readonly bodyAt: number; readonly bodyBytes: number } {
  const type = u16(bytes, HEADER_BYTES)
  const bodyBytes = u32(bytes, HEADER_BYTES + 2)
  if (type !== TD_REPORT_10 && type !== TD_REPORT_15) throw unsupported('body type 2 or 3, a TD report', type)
  const expected = type === TD_REPORT_10 ? TD_REPORT_10_BYTES : TD_REPORT_15_BYTES
  if (bodyBytes !== expected) throw fail('bad-quote', { expected: `a body of ${expected} bytes`, actual: bodyBytes })
  return { bodyAt: HEADER_BYTES + 6, bodyBytes }
}

function requireBytes(bytes: Uint8Array, sizeBytes: number): void {
  if (bytes.length < sizeBytes)
    throw fail('bad-quote', { expected: `at least ${sizeBytes} bytes`, actual: bytes.length })
}

const unsupported = (expected: string, actual: unknown) => fail('unsupported-quote', { expected, actual })
