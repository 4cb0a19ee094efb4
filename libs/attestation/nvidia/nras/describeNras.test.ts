import { expect, test } from 'vitest'
import { eatOf, tokenOf } from '../../testing/nrasIssuer.ts'
import { newTestKey } from '../../testing/testKey.ts'
import { describeNras } from './describeNras.ts'

const LAST_SECOND = 253_402_300_799

test.each([
  ['iat', 0, '1970-01-01T00:00:00.000Z'],
  ['exp', LAST_SECOND, '9999-12-31T23:59:59.000Z'],
  ['exp', LAST_SECOND + 1, String(LAST_SECOND + 1)],
  ['nbf', -1, '-1'],
  ['exp', '1790000000', '1790000000'],
  ['count', 1_790_000_000, '1790000000'],
])('%s %s is shown as %s: only a time is written as a date', async (name, value, shown) => {
  const token = await tokenOf({ [name]: value }, await newTestKey('P-384'))
  const fields = describeNras(eatOf(token, { 'GPU-0': token }))
  expect(fields.find((field) => field.name === `overall/${name}`)?.value).toBe(shown)
})
