import { type Hex, toHex } from '@allod/protocol'
import type { Field } from '../field.ts'
import { parseQeReport } from './qeReport.ts'
import { parseQuote, type TdxQuote } from './quote.ts'
import type { TdReport } from './tdReport.ts'

/**
 * Every field of a quote in words. Nothing is verified: whoever changes a quote changes what this says of it.
 * @throws tdx/bad-quote, tdx/unsupported-quote, tdx/trailing-bytes
 */
export function describeTdx(evidence: Uint8Array): readonly Field[] {
  const quote = parseQuote(evidence)
  return [...headerFields(quote), ...reportFields(quote.report), ...signatureFields(quote)]
}

const field = (name: string, value: string | number, words: string): Field => ({ name, value: String(value), words })

const headerFields = ({ version, tdVersion, qeVendorId, userData }: TdxQuote): readonly Field[] => [
  field('version', version, 'layout of the quote'),
  field('tee_type', '0x81', 'Intel TDX'),
  field('att_key_type', 2, 'attestation key: ECDSA on P-256'),
  field('body_type', tdVersion, `report of a trust domain, layout of TDX ${tdVersion}`),
  field('qe_vendor_id', qeVendorId, 'quoting enclave by Intel'),
  field('user_data', userData, 'names the platform to the quoting enclave'),
]

const reportFields = (report: TdReport): readonly Field[] => [
  field('tee_tcb_svn', report.teeTcbSvn, tcbWords(report.teeTcbSvn, 'at launch')),
  field('mrseam', report.mrseam, 'measurement of the TDX module'),
  field('mrsignerseam', report.mrsignerseam, isZero(report.mrsignerseam) ? 'module signed by Intel' : 'another signer'),
  field(
    'seamattributes',
    report.seamattributes,
    isZero(report.seamattributes) ? 'production module' : 'not production',
  ),
  field('tdattributes', report.tdattributes, attributeWords(report.tdattributes)),
  field('xfam', report.xfam, 'CPU features that the domain may use'),
  field('mrtd', report.mrtd, 'what the domain was built from: firmware and first pages'),
  field('mrconfigid', report.mrconfigid, isZero(report.mrconfigid) ? 'not set' : 'configuration named at launch'),
  field('mrowner', report.mrowner, isZero(report.mrowner) ? 'not set' : 'owner named at launch'),
  field('mrownerconfig', report.mrownerconfig, isZero(report.mrownerconfig) ? 'not set' : 'owner’s configuration'),
  field('rtmr0', report.rtmr0, 'firmware’s configuration'),
  field('rtmr1', report.rtmr1, 'boot loader and kernel'),
  field('rtmr2', report.rtmr2, 'command line and first file system'),
  field('rtmr3', report.rtmr3, isZero(report.rtmr3) ? 'not extended by the guest' : 'what the guest itself recorded'),
  field('report_data', report.reportData, '64 bytes of the guest’s choice'),
  ...(report.teeTcbSvn2 === null
    ? []
    : [field('tee_tcb_svn_2', report.teeTcbSvn2, tcbWords(report.teeTcbSvn2, 'now'))]),
  ...(report.mrservicetd === null
    ? []
    : [
        field(
          'mrservicetd',
          report.mrservicetd,
          isZero(report.mrservicetd) ? 'no service TD is bound' : 'a service TD can migrate or serve this domain',
        ),
      ]),
]

function signatureFields({ signature, paddingBytes }: TdxQuote): readonly Field[] {
  const qe = parseQeReport(signature.qeReport)
  return [
    field('signature', toHex(signature.signature), 'by the attestation key over all the above'),
    field('attestation_key', toHex(signature.attestationKey), 'made by the quoting enclave'),
    field('qe_mrsigner', qe.mrsigner, 'who signed the quoting enclave'),
    field('qe_isvprodid', qe.isvprodid, 'which enclave of that signer'),
    field('qe_isvsvn', qe.isvsvn, 'its security version'),
    field('qe_miscselect', qe.miscselect, 'its extended features'),
    field('qe_attributes', qe.attributes, 'its attributes; the second bit of the first byte would mean debug'),
    field('qe_report_data', qe.reportData, 'hash of attestation key and authentication data'),
    field('qe_report_signature', toHex(signature.qeReportSignature), 'by the platform’s PCK key'),
    field('qe_auth_data', toHex(signature.qeAuthData), 'mixed into the hash beside the key'),
    field('pck_chain', `${signature.pckChain.length} bytes`, 'certificates of the platform, as PEM'),
    field('padding', paddingBytes, 'zero bytes after the quote, which nobody signed'),
  ]
}

/** Bits that Intel names (TDX Module Base specification, ATTRIBUTES). */
const ATTRIBUTES: readonly (readonly [bit: number, words: string])[] = [
  [0, 'DEBUG: the host can look inside'],
  [28, 'SEPT_VE_DISABLE'],
  [29, 'MIGRATABLE'],
  [30, 'PKS'],
  [31, 'KL'],
  [63, 'PERFMON'],
]

function attributeWords(hex: Hex): string {
  const set = ATTRIBUTES.filter(([bit]) => (byteOf(hex, bit >> 3) >> (bit & 7)) & 1).map(([, words]) => words)
  return set.join(', ') || 'none of the known attributes'
}

const tcbWords = (svn: Hex, when: string): string =>
  `${when}: TDX module ${byteOf(svn, 1)}, security version ${byteOf(svn, 0)}, microcode ${byteOf(svn, 2)}`

const byteOf = (hex: Hex, index: number): number => Number.parseInt(hex.slice(2 + 2 * index, 4 + 2 * index), 16)

const isZero = (hex: Hex): boolean => /^0x0*$/.test(hex)
