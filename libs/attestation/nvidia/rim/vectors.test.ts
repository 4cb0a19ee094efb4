import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { VectorFile } from '../../testing/runVectors.ts'

const file = JSON.parse(readFileSync(new URL('../../vectors/rim.json', import.meta.url), 'utf8')) as VectorFile

// How many vectors end in each; that they do is asserted by vectors/vectors.test.ts.
const codes = {
  accepted: 7,
  'attestation/reference-signer-expired': 1,
  'rim/profile-not-supported': 33,
  'rim/bad-xml': 48,
  'rim/too-large': 3,
  'rim/bad-chain': 10,
  'rim/not-yet-valid': 1,
  'rim/digest-mismatch': 6,
  'rim/bad-signature': 3,
  'rim/bad-manifest': 28,
} as const

test('each code has its vectors', () => {
  const counts: Record<string, number> = {}
  for (const { expect: code } of file.cases) counts[code] = (counts[code] ?? 0) + 1
  expect(counts).toEqual(codes)
})
