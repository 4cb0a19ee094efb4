import { expect, test } from 'vitest'
import { namedChecks } from '../namedChecks.ts'
import { mutantsOf } from './mutantsOf.ts'
import { withoutCheck } from './withoutCheck.ts'

test('each check taken away by hand is one of the list', () => {
  const names = new Set(namedChecks.map(({ check }) => check))
  expect(withoutCheck.map(({ check }) => check).filter((check) => !names.has(check))).toEqual([])
})

// Reading this also finds what stands in its file no more, or twice.
test('of each named check it is known what to take away', () => {
  expect(namedChecks.filter((named) => mutantsOf(named).mutants.length === 0).map(({ check }) => check)).toEqual([])
})
