import { expect, test } from 'vitest'
import { titlePattern } from './playTests.ts'

test.each([
  ['refuses a thing', 'refuses a thing'],
  ['refuses (a) $1.5', 'refuses (a) $1.5'],
  ['in %s: refuses', 'in the spec: refuses'],
  ['$name: keeper/mismatch', 'none of this: keeper/mismatch'],
])('a title comes to its name: %s', (title, name) => {
  expect(titlePattern(title).test(name)).toBe(true)
})

test('and not to a longer one, nor to one that only its marks would match', () => {
  expect(titlePattern('refuses').test('refuses more')).toBe(false)
  expect(titlePattern('refuses').test('it refuses')).toBe(false)
  expect(titlePattern('a.b (c)').test('aXb c')).toBe(false)
})
