// What vitest loads before each test file of a package with mutants: $MUTANT is the one in force; without it, what each file
// of tests asks about is written to $ASKED.
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { installHooks } from './hooks.ts'

const { MUTANT, ASKED } = process.env
const state = installHooks(MUTANT === undefined ? null : Number(MUTANT))

afterAll(() => {
  const { testPath } = expect.getState()
  if (ASKED === undefined || testPath === undefined) return
  const name = `${testPath.replaceAll('/', '+')}.json`
  writeFileSync(join(ASKED, basename(name)), JSON.stringify({ testPath, asked: [...state.asked] }))
})
