import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { VectorFile } from '../testing/runVectors.ts'

const file = JSON.parse(readFileSync(new URL('../vectors/tdx.json', import.meta.url), 'utf8')) as VectorFile

// How many vectors end in each; that they do is asserted by vectors/vectors.test.ts.
const codes = {
  accepted: 21,
  'tdx/bad-quote': 11,
  'tdx/missing-endorsement': 5,
  'tdx/bad-endorsement': 9,
  'x509/root-untrusted': 3,
  'tdx/tcb-info-mismatch': 2,
  'tdx/conflicting-endorsements': 4,
  'tdx/unsupported-quote': 9,
  'tdx/bad-json': 11,
  'tdx/qe-identity-mismatch': 4,
  'tdx/bad-tcb-info': 13,
  'tdx/trailing-bytes': 1,
  'tdx/no-tcb-level': 8,
  'tdx/bad-pck-certificate': 9,
  'tdx/bad-qe-identity': 4,
  'tdx/collateral-signature-invalid': 4,
  'attestation/event-log-mismatch': 2,
  'tdx/bad-event-log': 6,
  'x509/bad-signature': 2,
  'tdx/collateral-expired': 2,
  'tdx/collateral-not-yet-valid': 2,
  'tdx/module-mismatch': 6,
  'x509/bad-der': 1,
  'attestation/tcb-status-not-allowed': 9,
  'x509/bad-pem': 1,
  'x509/expired': 1,
  'x509/not-yet-valid': 1,
  'x509/revoked': 3,
  'x509/crl-expired': 1,
  'attestation/advisory-not-allowed': 1,
  'x509/crl-bad-signature': 1,
  'attestation/debug-enabled': 2,
  'tdx/qe-report-signature-invalid': 1,
  'tdx/qe-report-data-mismatch': 2,
  'attestation/td-attributes-not-allowed': 4,
  'tdx/quote-signature-invalid': 2,
  'attestation/xfam-not-allowed': 2,
  'attestation/service-td-bound': 1,
  'attestation/register-mismatch': 8,
  'attestation/tcb-too-old': 1,
  'attestation/config-mismatch': 2,
  'attestation/measurement-unknown': 1,
  'attestation/machine-not-allowed': 1,
  'attestation/kind-not-allowed': 1,
  'attestation/report-data-mismatch': 1,
} as const

test('each code has its vectors', () => {
  const counts: Record<string, number> = {}
  for (const { expect: code } of file.cases) counts[code] = (counts[code] ?? 0) + 1
  expect(counts).toEqual(codes)
})
