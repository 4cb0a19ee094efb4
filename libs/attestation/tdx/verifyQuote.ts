import { concat, toHex } from '@allod/protocol'
import { digest } from '../digest.ts'
import { verifyRawEcdsa } from '../x509/signature.ts'
import { fail } from './errors.ts'
import type { PckCertificate } from './pckCertificate.ts'
import { parseQeReport, type QeReport } from './qeReport.ts'
import type { TdxQuote } from './quote.ts'

/**
 * Verifies the two signatures inside a quote and what ties them: the platform's key signed the report of the quoting enclave,
 * that report names the attestation key, and the attestation key signed header and body.
 * @throws tdx/qe-report-signature-invalid, tdx/qe-report-data-mismatch, tdx/quote-signature-invalid
 */
export async function verifyQuote({ signed, signature }: TdxQuote, pck: PckCertificate): Promise<QeReport> {
  const { attestationKey, qeReport, qeReportSignature, qeAuthData } = signature
  const point = concat(Uint8Array.of(0x04), attestationKey)
  const [isReportSigned, isQuoteSigned, keyHash] = await Promise.all([
    verifyRawEcdsa(pck.certificate.spki, 'P-256', qeReport, qeReportSignature),
    verifyRawEcdsa(point, 'P-256', signed, signature.signature),
    digest('SHA-256', attestationKey, qeAuthData),
  ])
  if (!isReportSigned) throw fail('qe-report-signature-invalid')
  const report = parseQeReport(qeReport)
  // Report data of the quoting enclave = SHA-256(attestation key ‖ authentication data) ‖ 32 zero bytes.
  const expected = toHex(concat(keyHash, new Uint8Array(32)))
  if (report.reportData !== expected) throw fail('qe-report-data-mismatch', { expected, actual: report.reportData })
  if (!isQuoteSigned) throw fail('quote-signature-invalid')
  return report
}
