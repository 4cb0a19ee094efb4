import { errorsOf } from '@allod/protocol'

/** What can be wrong with SEV-SNP evidence or its endorsements. */
export const fail = errorsOf('sevsnp', {
  'bad-report': [
    'the report does not have the layout of its version',
    'ask for it again and send its 1184 bytes unchanged',
  ],
  'unknown-version': ['the report is of a version that this program does not know', 'use a release that knows it'],
  'unknown-signing-key': [
    'the report is signed by no key of the chip or the cloud',
    'have the firmware sign with a VCEK or a VLEK',
  ],
  'signature-not-canonical': [
    'the report’s signature is not written as the firmware writes it',
    'refuse it: bytes around the signature were changed',
  ],
  'signature-mismatch': [
    'the report is not signed by the key that was brought along',
    'bring the certificate of the key that signed it, or refuse it',
  ],
  'unknown-product': ['the report names a processor that is not known', 'use a release that knows it'],
  'bad-endorsement': [
    'something brought along is no certificate, list or table of AMD’s',
    'leave it out, or bring what AMD’s key service answers',
  ],
  'ambiguous-endorsement': ['two different certificates of one sort were brought along', 'bring the one that applies'],
  'bad-certificate-table': [
    'the table of certificates is not laid out as GHCB says',
    'bring the auxblob unchanged, or the certificates by themselves',
  ],
  'vek-missing': [
    'the certificate of the key that signed the report is missing',
    'bring the VCEK or VLEK; AMD’s key service has it',
  ],
  'vek-mismatch': [
    'the certificate is for another sort of key than signed the report',
    'bring the VCEK for a report by the chip, the VLEK for one by a cloud',
  ],
  'bad-vek': [
    'a VCEK or VLEK lacks an extension that AMD issues, or has it malformed',
    'fetch it again from AMD’s key service',
  ],
  'issuer-missing': [
    'the certificate of the authority above the VCEK or VLEK is missing',
    'bring the ASK or ASVK: AMD’s key service has it under cert_chain',
  ],
  'wrong-issuer': ['a certificate is not named as AMD names those of its product', 'bring the chain of that product'],
  'root-not-pinned': [
    'a root was brought along that is not AMD’s for any product',
    'leave it out, or refuse this chain',
  ],
  'product-mismatch': ['report and certificate are of different products', 'bring the certificate of this chip'],
  'chip-mismatch': ['the certificate is for another chip than made the report', 'bring the certificate of this chip'],
  'tcb-mismatch': [
    'the certificate is for other security versions than the report states',
    'fetch the VCEK for the reported TCB',
  ],
})
