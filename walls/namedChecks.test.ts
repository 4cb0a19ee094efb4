import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './imports.ts'
import { type NamedCheck, namedChecks } from './namedChecks.ts'
import { namedChecksPage } from './namedChecksPage.ts'

const source = (file: string) => readFileSync(join(root, file), 'utf8')

test.each(namedChecks.map((c): readonly [string, NamedCheck] => [c.check, c]))(
  '%s has its test',
  (_, { file, test: name, code }) => {
    const text = source(file)
    expect(text).toContain(name)
    // A code is named where it is expected, but for pages of vectors, whose codes lie beside them.
    if (code !== null && !/vectors/.test(text)) expect(text).toContain(code.split('/')[1])
  },
)

test('the page of checks is as the list is', () => {
  expect(source('docs/internals/checks.md')).toBe(namedChecksPage())
})
