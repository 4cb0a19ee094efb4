import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { VectorFile } from '../../testing/runVectors.ts'

const file = JSON.parse(readFileSync(new URL('../../vectors/nras.json', import.meta.url), 'utf8')) as VectorFile

// How many vectors end in each; that they do is asserted by vectors/vectors.test.ts.
const codes = {
  accepted: 7,
  'nras/bad-token': 50,
  'nras/algorithm-not-allowed': 11,
  'nras/bad-keys': 19,
  'nras/key-unknown': 2,
  'nras/bad-key-chain': 9,
  'nras/bad-signature': 4,
  'nras/issuer-mismatch': 3,
  'nras/not-yet-valid': 3,
  'nras/expired': 2,
  'nras/nonces-differ': 1,
  'nras/devices-differ': 3,
  'nras/digest-mismatch': 2,
  'attestation/token-claims-refused': 47,
  'attestation/gpu-nonce-mismatch': 1,
  'attestation/gpu-count-mismatch': 1,
  'attestation/switch-count-mismatch': 1,
  'attestation/gpu-not-distinct': 3,
  'attestation/driver-versions-differ': 1,
  'attestation/driver-too-old': 3,
  'attestation/product-not-allowed': 1,
  'attestation/gpu-firmware-too-old': 1,
} as const

test('each code has its vectors', () => {
  const counts: Record<string, number> = {}
  for (const { expect: code } of file.cases) counts[code] = (counts[code] ?? 0) + 1
  expect(counts).toEqual(codes)
})
