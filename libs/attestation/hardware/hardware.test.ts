import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { VectorFile } from '../testing/runVectors.ts'
import { NOW, simulatedBundle } from '../testing/simulatedBundle.ts'
import { verify } from '../verify.ts'
import { describeEvidence } from './describeEvidence.ts'
import { hardwareVerifiers } from './hardwareVerifiers.ts'

const verifiers = hardwareVerifiers()

test('verifies every kind of hardware, once, and nothing else', () => {
  expect(verifiers.map((v) => ('cpu' in v ? v.cpu : v.device))).toEqual([
    'tdx',
    'sevsnp',
    'nvidia-gpu',
    'nvidia-switch',
  ])
})

test('does not so much as read simulated evidence', async () => {
  const bundle = await simulatedBundle()
  await expect(verify(bundle, { verifiers, now: NOW })).rejects.toMatchObject({ code: 'attestation/unsupported-kind' })
  const [device] = bundle.devices
  if (device === undefined) throw new Error('the sample has a GPU')
  for (const kind of ['tdx', 'sevsnp'] as const)
    await expect(verify({ ...bundle, cpu: { ...bundle.cpu, kind } }, { verifiers, now: NOW })).rejects.toMatchObject({
      code: expect.stringMatching(`^${kind}/`),
    })
})

const blob = (kind: string, name: string): Uint8Array => {
  const file = JSON.parse(readFileSync(join(import.meta.dirname, `../vectors/${kind}.json`), 'utf8')) as VectorFile
  return new Uint8Array(Buffer.from(file.blobs[name] ?? '', 'base64'))
}

test('believes no root but the makers’: what verifies under a root of our own is refused under theirs', async () => {
  const now = 1_790_000_000
  const tries = [
    ['tdx', 'v4', ['tcb-info', 'qe-identity', 'tcb-chain', 'pck-crl', 'root-crl'], 'x509/root-untrusted'],
    ['sevsnp', 'v3-milan', ['vcek-milan', 'ask-milan', 'crl-milan'], 'sevsnp/root-not-pinned'],
    ['nvidia', 'gpu', ['gpu chain'], 'nvidia/bad-chain'],
  ] as const
  for (const [file, evidence, endorsements, expected] of tries) {
    const verifier = verifiers.find((v) => ('cpu' in v ? v.cpu === file : v.device.startsWith(file)))
    const work = verifier?.verify(
      blob(file, evidence),
      endorsements.map((name) => blob(file, name)),
      { now },
    )
    await expect(work, file).rejects.toMatchObject({ code: expected })
  }
})

test.each([
  ['tdx', 'tdx', 'v5'],
  ['sevsnp', 'sevsnp', 'v5-turin'],
  ['nvidia-gpu', 'nvidia', 'gpu'],
  ['nvidia-switch', 'nvidia', 'switch'],
  ['nras', 'nras', 'eat-2'],
] as const)('puts every field of %s into words', (kind, file, name) => {
  const fields = describeEvidence(kind, blob(file, name))
  expect(fields.length).toBeGreaterThan(10)
  expect(fields.filter((f) => f.name === '' || f.words === '')).toEqual([])
})
