import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorCodes, isNamed, testTexts } from './errorCodes.ts'
import { errorCodesPage } from './errorCodesPage.ts'
import { root } from './imports.ts'
import { untestedCodes } from './untested.ts'

test('every error code has a test that names it, but for the debt that is listed', () => {
  const texts = testTexts()
  const untested = errorCodes().filter(({ code }) => !isNamed(code, texts))
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
