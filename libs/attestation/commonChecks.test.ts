import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { appraise, refusedChecks } from './appraise.ts'
import { strictEvidence, unboundPolicy } from './evidencePolicy.ts'
import { runVectors, type VectorFile } from './testing/runVectors.ts'
import { vectorVerifiers } from './testing/vectorVerifiers.ts'

test('nothing is no evidence', () => {
  const nothing = { verified: { cpu: null, devices: [] }, expected: { reportData: null, nonce: null } }
  const appraisal = appraise(nothing, unboundPolicy(strictEvidence))
  expect(appraisal.isAccepted).toBe(false)
  expect(refusedChecks(appraisal).map(({ name, refusal }) => [name, refusal])).toEqual([['evidence', 'not-hardware']])
})

// The largest number that a policy may have has bits in its seventh byte.
test.each([0, 2 ** 40, 2 ** 48, 2 ** 53 - 1])('a lowest TCB of %d is compared in every byte', async (minimumTcb) => {
  const path = join(import.meta.dirname, 'vectors/sevsnp.json')
  const file = JSON.parse(readFileSync(path, 'utf8')) as VectorFile
  const [plain] = file.cases.filter((c) => c.expect === 'accepted' && c.policy === undefined)
  if (plain === undefined) throw new Error('no case')
  const cases = [{ ...plain, policy: { minimumTcb } }]
  const [only] = await runVectors({ ...file, cases }, vectorVerifiers)
  expect(only?.outcome).toBe(minimumTcb === 0 ? 'accepted' : 'attestation/tcb-too-old')
})
