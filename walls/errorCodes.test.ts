import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { codesNamed, errorCodes, testTexts } from './errorCodes.ts'
import { errorCodesPage } from './errorCodesPage.ts'
import { root } from './imports.ts'
import { untestedCodes } from './untested.ts'

// That a test names a code is what can be read; that the code is thrown there, only running it shows.
test('every error code is named in the source of a test, but for the debt that is listed', () => {
  const named = codesNamed(testTexts())
  const untested = errorCodes().filter(({ code }) => !named.has(code))
  expect(untested.map(({ code }) => code).filter((code) => !untestedCodes.includes(code))).toEqual([])
})

test('every error says in a sentence what happened and what to do', () => {
  const bad = errorCodes().filter(
    ({ message, hint }) => message === '' || hint === '' || /[.!]$/.test(message) || /^[A-Z][a-z]/.test(message),
  )
  expect(bad.map(({ code, message }) => `${code}: ${message}`)).toEqual([])
})

test('the page of error codes is up to date', () => {
  expect(readFileSync(join(root, 'docs/reference/error-codes.md'), 'utf8')).toBe(errorCodesPage())
})
