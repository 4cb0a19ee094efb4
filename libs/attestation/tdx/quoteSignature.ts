import { u16, u32 } from '../littleEndian.ts'
import { fail } from './errors.ts'

/** The part of a quote that nobody signs as a whole: signatures, and what leads from them to the platform's certificate. */
export type QuoteSignature = {
  /** r ‖ s by the attestation key over header and body. */
  readonly signature: Uint8Array
  /** x ‖ y of the attestation key, P-256. */
  readonly attestationKey: Uint8Array
  /** SGX report of the quoting enclave. */
  readonly qeReport: Uint8Array
  /** r ‖ s by the PCK key over the report. */
  readonly qeReportSignature: Uint8Array
  /** What the quoting enclave mixed into its report data beside the key. */
  readonly qeAuthData: Uint8Array
  /** Certificates of the platform as PEM, leaf first; C programs close the text with a NUL. */
  readonly pckChain: Uint8Array
}

const SIGNATURE_BYTES = 64
const KEY_BYTES = 64
const QE_REPORT_BYTES = 384
/** Intel's quoting enclave writes 32. */
const MAX_AUTH_BYTES = 1024
const MAX_CHAIN_BYTES = 1 << 15
const QE_REPORT_CERTIFICATION = 6
const PEM_CHAIN = 5

/**
 * Takes the signature data of a quote v4 or v5 apart; each length must end exactly where the one around it ends.
 * TDX DCAP Quoting Library API, A.3.8 to A.3.11.
 * @throws tdx/bad-quote, tdx/unsupported-quote
 */
export function parseQuoteSignature(data: Uint8Array): QuoteSignature {
  let at = 0
  const take = (sizeBytes: number): Uint8Array => {
    if (data.length - at < sizeBytes) throw fail('bad-quote', { expected: 'signature data of the stated size' })
    at += sizeBytes
    return data.subarray(at - sizeBytes, at)
  }
  const signature = take(SIGNATURE_BYTES)
  const attestationKey = take(KEY_BYTES)
  requireType(take(6), QE_REPORT_CERTIFICATION, data.length - at)
  const qeReport = take(QE_REPORT_BYTES)
  const qeReportSignature = take(SIGNATURE_BYTES)
  const authBytes = u16(take(2), 0)
  if (authBytes > MAX_AUTH_BYTES)
    throw fail('bad-quote', {
      expected: `at most ${MAX_AUTH_BYTES} bytes of QE authentication data`,
      actual: authBytes,
    })
  const qeAuthData = take(authBytes)
  requireType(take(6), PEM_CHAIN, data.length - at)
  if (data.length - at > MAX_CHAIN_BYTES)
    throw fail('bad-quote', { expected: `a chain of at most ${MAX_CHAIN_BYTES} bytes`, actual: data.length - at })
  const pckChain = data.subarray(at)
  return { signature, attestationKey, qeReport, qeReportSignature, qeAuthData, pckChain }
}

function requireType(header: Uint8Array, type: number, restBytes: number): void {
  // Types 1 to 3 name the platform by an encrypted id that only Intel can resolve; chains supplied beside a quote are none of ours.
  if (u16(header, 0) !== type)
    throw fail('unsupported-quote', { expected: `certification data of type ${type}`, actual: u16(header, 0) })
  if (u32(header, 2) !== restBytes)
    throw fail('bad-quote', { expected: `${restBytes} bytes of certification data`, actual: u32(header, 2) })
}
