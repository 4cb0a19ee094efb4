import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { VectorFile } from '../testing/runVectors.ts'

const file = JSON.parse(readFileSync(new URL('../vectors/sevsnp.json', import.meta.url), 'utf8')) as VectorFile

// How many vectors end in each; that they do is asserted by vectors/vectors.test.ts.
const codes = {
  accepted: 17,
  'attestation/revocation-unknown': 1,
  'sevsnp/bad-report': 19,
  'sevsnp/unknown-version': 2,
  'sevsnp/unknown-signing-key': 2,
  'sevsnp/signature-not-canonical': 3,
  'sevsnp/signature-mismatch': 5,
  'sevsnp/unknown-product': 3,
  'sevsnp/product-mismatch': 2,
  'sevsnp/chip-mismatch': 3,
  'sevsnp/tcb-mismatch': 5,
  'sevsnp/vek-missing': 2,
  'sevsnp/vek-mismatch': 2,
  'sevsnp/bad-vek': 16,
  'sevsnp/issuer-missing': 2,
  'sevsnp/wrong-issuer': 1,
  'sevsnp/root-not-pinned': 2,
  'x509/bad-signature': 2,
  'x509/name-chain': 2,
  'x509/not-ca': 1,
  'x509/expired': 2,
  'x509/not-yet-valid': 1,
  'x509/revoked': 2,
  'x509/crl-expired': 1,
  'x509/crl-not-yet-valid': 1,
  'x509/crl-bad-signature': 1,
  'x509/crl-wrong-issuer': 1,
  'x509/bad-crl': 1,
  'sevsnp/bad-endorsement': 4,
  'sevsnp/ambiguous-endorsement': 2,
  'sevsnp/bad-certificate-table': 8,
  'attestation/product-not-allowed': 1,
  'attestation/signing-key-not-allowed': 1,
  'attestation/vmpl-not-allowed': 1,
  'attestation/guest-policy-not-allowed': 2,
  'attestation/tcb-too-old': 7,
  'attestation/platform-info-not-allowed': 2,
  'attestation/author-key-mismatch': 3,
  'attestation/measurement-unknown': 1,
  'attestation/machine-not-allowed': 2,
  'attestation/config-mismatch': 1,
  'attestation/kind-not-allowed': 1,
  'attestation/report-data-mismatch': 1,
} as const

test('each code has its vectors', () => {
  const counts: Record<string, number> = {}
  for (const { expect: code } of file.cases) counts[code] = (counts[code] ?? 0) + 1
  expect(counts).toEqual(codes)
})
