import { expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import { fieldsOf, items, moment } from './collateralFields.ts'

test.each([
  ['text', 'id'],
  ['null', null],
  ['a list', []],
  ['a number', 1],
])('%s has no members', async (_, value) => {
  expect(await codeOf(() => fieldsOf(value))).toBe('tdx/bad-json')
})

test.each(['2026-13-01T00:00:00Z', '2026-02-30T00:00:00Z', '2026-01-01T24:00:00Z'])('%s is no moment', async (text) => {
  expect(await codeOf(() => moment(text))).toBe('tdx/bad-json')
})

test('a list is a list, and no longer than it may be', async () => {
  expect(items([1, 2], 2, '$')).toEqual([1, 2])
  expect(await codeOf(() => items([1, 2, 3], 2, '$'))).toBe('tdx/bad-json')
  expect(await codeOf(() => items({ length: 1 }, 2, '$'))).toBe('tdx/bad-json')
})
