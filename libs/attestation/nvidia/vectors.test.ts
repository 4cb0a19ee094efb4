import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { VectorFile } from '../testing/runVectors.ts'

const file = JSON.parse(readFileSync(new URL('../vectors/nvidia.json', import.meta.url), 'utf8')) as VectorFile

// How many vectors end in each; that they do is asserted by vectors/vectors.test.ts.
const codes = {
  accepted: 13,
  'attestation/revocation-unknown': 3,
  'attestation/reference-values-unknown': 3,
  'attestation/reference-signer-expired': 1,
  'nvidia/bad-evidence': 12,
  'nvidia/trailing-bytes': 1,
  'nvidia/bad-measurements': 8,
  'nvidia/bad-opaque': 16,
  'nvidia/bad-chain': 10,
  'x509/name-chain': 1,
  'x509/root-untrusted': 1,
  'x509/bad-signature': 2,
  'x509/expired': 1,
  'x509/not-yet-valid': 1,
  'x509/bad-pem': 1,
  'nvidia/wrong-device': 3,
  'nvidia/fwid-mismatch': 5,
  'nvidia/bad-signature': 7,
  'nvidia/bad-endorsement': 9,
  'x509/revoked': 3,
  'x509/ocsp-expired': 1,
  'x509/ocsp-unknown': 1,
  'x509/ocsp-wrong-responder': 1,
  'attestation/certificate-on-hold': 1,
  'nvidia/reference-mismatch': 5,
  'nvidia/reference-conflict': 2,
  'attestation/device-measurement-mismatch': 3,
  'rim/digest-mismatch': 1,
  'rim/bad-chain': 1,
  'attestation/product-not-allowed': 1,
  'attestation/driver-too-old': 2,
  'attestation/gpu-firmware-too-old': 1,
  'attestation/gpu-count-mismatch': 1,
  'attestation/switch-count-mismatch': 1,
  'attestation/gpu-not-confidential': 2,
  'attestation/gpu-nonce-mismatch': 1,
} as const

test('each code has its vectors', () => {
  const counts: Record<string, number> = {}
  for (const { expect: code } of file.cases) counts[code] = (counts[code] ?? 0) + 1
  expect(counts).toEqual(codes)
})
