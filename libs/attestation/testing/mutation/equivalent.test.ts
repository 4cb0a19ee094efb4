import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { equivalents } from './equivalent.ts'
import { mutantsOf } from './mutantsOf.ts'

test('each check that is said to be equivalent is one that there is, and is said once', () => {
  const library = join(import.meta.dirname, '../..')
  const isThere = ({ file, text }: (typeof equivalents)[number]): boolean =>
    mutantsOf(file, readFileSync(join(library, file), 'utf8'), 1).mutants.some((mutant) => mutant.text === text)
  expect(equivalents.filter((one) => !isThere(one))).toEqual([])
  const names = equivalents.map(({ file, text }) => `${file}: ${text}`)
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
})
