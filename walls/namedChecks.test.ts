import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { codesNamed, errorCodes } from './errorCodes.ts'
import { root } from './imports.ts'
import { type NamedCheck, namedChecks } from './namedChecks.ts'
import { namedChecksPage } from './namedChecksPage.ts'
import { testsNamed } from './namedTests.ts'

const codes = new Set(errorCodes().map(({ code }) => code))

test.each(namedChecks.map((c): readonly [string, NamedCheck] => [c.check, c]))(
  '%s: its test is there, runs, and names the code',
  (_, { file, test: name, code }) => {
    const tests = testsNamed(file, name)
    expect(tests.length, `${file} has a test named “${name}”`).toBeGreaterThan(0)
    expect(
      tests.every((t) => t.runs),
      'none of them is set aside or empty',
    ).toBe(true)
    if (code === null) return
    expect(codes.has(code), `${code} is an error of the product`).toBe(true)
    expect(
      tests.some((t) => codesNamed(t.text).has(code)),
      `it names ${code}`,
    ).toBe(true)
  },
)

test('the page of checks is as the list is', () => {
  expect(readFileSync(join(root, 'docs/internals/checks.md'), 'utf8')).toBe(namedChecksPage())
})
