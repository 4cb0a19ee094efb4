import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { scriptTests, solidityTests } from './namedTests.ts'

const runsOf = (text: string, name: string) =>
  scriptTests(ts.createSourceFile('it.test.ts', text, ts.ScriptTarget.Latest, true), name).map((t) => t.runs)

const body = '() => { expect(1).toBe(1) }'

describe('a name stands for a test', () => {
  test.each([
    ['a title', `test('named', ${body})`],
    ['a title with options', `it('named', { timeout: 5 }, ${body})`],
    ['a title within a group', `describe('group', () => { test('named', ${body}) })`],
    ['a title over a table', `test.each([1])('named', ${body})`],
    ['a row', `test.each([['named', 1]])('%s', ${body})`],
    ['a row of a typed table', `test.each<[string]>([['named']] as const)('%s', ${body})`],
    ['a row of a constant', `const rows = [['named', 1]] as const\ntest.each(rows)('%s', ${body})`],
    ['a row of a constant that is mapped', `const rows = [['named']]\ntest.each(rows.map((r) => r))('%s', ${body})`],
    ['a row by way of a function', `const play = (all) => test.each(all)('%s', ${body})\nplay([['named', 1]])`],
    ['a row over a group', `describe.each([['named']])('%s', () => { test('as it is', ${body}) })`],
  ])('as %s', (_, text) => {
    expect(runsOf(text, 'named')).toEqual([true])
  })

  test.each([
    ['a comment', `// named\ntest('another', ${body})`],
    ['a string elsewhere', `const what = 'named'\ntest('another', () => { expect('named').toBe(what) })`],
    ['a part of a title', `test('named otherwise', ${body})`],
    ['a row that no test plays', `const rows = [['named']]\ntest('another', ${body})`],
    ['another value of a row', `test.each([['one', 'named']])('%s', ${body})`],
  ])('but not as %s', (_, text) => {
    expect(runsOf(text, 'named')).toEqual([])
  })

  test.each([
    ['skipped', `test.skip('named', ${body})`],
    ['skipped under a condition', `test.skipIf(true)('named', ${body})`],
    ['to be written', `test.todo('named')`],
    ['expected to fail', `test.fails('named', ${body})`],
    ['skipped by an option', `test('named', { skip: true }, ${body})`],
    ['in a group that is skipped', `describe.skip('group', () => { test('named', ${body}) })`],
    ['a row of a table that is skipped', `test.skip.each([['named']])('%s', ${body})`],
    ['empty', `test('named', () => {})`],
  ])('and not where it is %s', (_, text) => {
    expect(runsOf(text, 'named')).toEqual([false])
  })
})

test.each([
  ['of its own', `test('named', ${body})`, 'named'],
  ['of a table', `test.each([['named', 1]])('in %s: %s', ${body})`, 'in named: %s'],
  [
    'of a table of objects',
    `const all = [['named', 1]]\ntest.each(all.map(f))('$name: $code', ${body})`,
    'named: $code',
  ],
])('a title %s has the name in its place', (_, text, title) => {
  const source = ts.createSourceFile('it.test.ts', text, ts.ScriptTarget.Latest, true)
  expect(scriptTests(source, 'named').map((t) => t.title)).toEqual([title])
})

describe('a function of a contract’s test', () => {
  const of = (text: string) => solidityTests(text, 'test_named').map((t) => t.runs)

  test('counts where it expects something', () => {
    expect(of('function test_named() public { if (true) { assertEq(1, 1); } }')).toEqual([true])
    expect(of('function test_named() public {} function test_other() public { assertEq(1, 1); }')).toEqual([false])
    expect(of('function test_named() public { vm.skip(true); assertEq(1, 1); }')).toEqual([false])
  })

  test('does not where it is a comment or another one', () => {
    expect(of('// function test_named() public { assertEq(1, 1); }')).toEqual([])
    expect(of('function test_namedOtherwise() public { assertEq(1, 1); }')).toEqual([])
  })
})
