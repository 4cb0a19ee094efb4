import { expect, test } from 'vitest'
import { addUp, type Check, requireAccepted } from './appraisal.ts'
import { codeOf } from './testing/codeOf.ts'

const failed: Check = {
  ...{ name: 'revocation', result: 'fail', refusal: 'revocation-unknown' },
  ...{ expected: 'a list', actual: 'none', source: 'collateral' },
} as const

test('nothing that was checked is nothing that was accepted', () => {
  expect(addUp([], [], 0).isAccepted).toBe(false)
})

test('an exception excuses what is unknown, and never what failed', () => {
  const exceptions = ['revocation-unknown'] as const
  expect(addUp([{ ...failed, result: 'unknown' }], exceptions, 0).isAccepted).toBe(true)
  expect(addUp([failed], exceptions, 0).isAccepted).toBe(false)
})

test('an appraisal that says it is accepted is still refused by a check of its own', async () => {
  const appraisal = { ...addUp([failed], [], 0), isAccepted: true }
  expect(await codeOf(() => requireAccepted(appraisal))).toBe('attestation/revocation-unknown')
})
