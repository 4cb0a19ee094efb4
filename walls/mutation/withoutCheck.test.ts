import { expect, test } from 'vitest'
import { namedChecks } from '../namedChecks.ts'
import { mutantsOf } from './mutantsOf.ts'
import { withoutCheck } from './withoutCheck.ts'

test('each check taken away by hand is one of the list', () => {
  const names = new Set(namedChecks.map(({ check }) => check))
  expect(withoutCheck.map(({ check }) => check).filter((name) => !names.has(name))).toEqual([])
})

// Reading this also finds what stands in its file no more, or twice.
test('of each named check but a story it is known what to take away', () => {
  const unknown = namedChecks.filter((named) => mutantsOf(named).mutants.length === 0)
  expect(unknown.filter(({ file }) => !file.startsWith('e2e/')).map(({ check }) => check)).toEqual([])
})
