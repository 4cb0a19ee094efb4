import { expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import { fieldsOf } from './collateralFields.ts'

test.each([
  ['text', 'id'],
  ['null', null],
  ['a list', []],
  ['a number', 1],
])('%s has no members', async (_, value) => {
  expect(await codeOf(() => fieldsOf(value))).toBe('tdx/bad-json')
})
