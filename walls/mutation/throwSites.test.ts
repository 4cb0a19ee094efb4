import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { root } from '../imports.ts'
import { revertsOf, throwSites, throwsOf } from './throwSites.ts'

const thrownIn = (text: string) =>
  throwsOf(
    ts.createSourceFile('it.ts', text, ts.ScriptTarget.Latest, true),
    'named',
    (callee) => callee === 'fail',
  ).map((node) => node.getText())

test.each([
  ['alone', `throw fail('named')`],
  ['under a condition, with details', `if (a) throw fail('named', { actual: [1] })`],
  ['as a value', `const f = () => { if (a) return fail('named') }`],
  ['in a function within another', `const f = () => { const g = () => { throw fail('named') } }`],
])('an error is thrown %s', (_, text) => {
  expect(thrownIn(text)).toEqual([expect.stringMatching(/^(throw|return) fail\('named'.*\)$/)])
})

test.each([
  ['another error', `throw fail('named-otherwise')`],
  ['another catalogue’s error', `throw refuse('named')`],
  ['an error that is only made', `const error = fail('named')`],
  ['a comment', `// throw fail('named')`],
])('but not where there is %s', (_, text) => {
  expect(thrownIn(text)).toEqual([])
})

test('a contract reverts with an error by its own name or its interface’s', () => {
  const source = 'if (a) revert Named(1);\nif (b) revert IMarket.Named(f(2), 3);\nif (c) revert NamedOtherwise();'
  expect(revertsOf(source, 'Named').map(({ start, end }) => source.slice(start, end))).toEqual([
    'revert Named(1);',
    'revert IMarket.Named(f(2), 3);',
  ])
})

test.each([
  ['a check of a contract', 'market/no-capacity', 'contracts/src/Market.sol', 'revert Market_NoCapacity('],
  [
    'an error of a package’s catalogue',
    'keeper/engine-mismatch',
    'enclave/keeper/judge/requireInputs.ts',
    'throw fail(',
  ],
  ['an error of a file’s own catalogue', 'protocol/spec-mismatch', 'libs/protocol/jobSpec.ts', 'throw fail('],
])('finds where the product throws %s, and takes it away alone', (_, code, file, start) => {
  const original = readFileSync(join(root, file), 'utf8')
  const [site, ...others] = throwSites(code)
  expect(others).toEqual([])
  const line = Number(site?.place.slice(file.length + 1))
  expect(original.split('\n')[line - 1]).toContain(start)
  expect(site?.file).toBe(file)
  expect(site?.text.length).toBeLessThan(original.length)
  expect(site?.text.split(start).length).toBe(original.split(start).length - 1)
})

test('one scope’s code is not another’s of the same name', () => {
  const files = (code: string) => new Set(throwSites(code).map(({ file }) => file.split('/')[0]))
  expect(files('keeper/manifest-mismatch')).toEqual(new Set(['enclave']))
  expect(files('content/manifest-mismatch')).toEqual(new Set(['libs']))
})
