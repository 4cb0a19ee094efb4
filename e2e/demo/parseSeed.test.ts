import { expect, test } from 'vitest'
import { runDemo } from '../runDemo.ts'
import { parseSeed } from './parseSeed.ts'

test.each([
  ['0', 0],
  ['7', 7],
  ['4294967295', 4294967295],
])('%s is a seed', (text, seed) => expect(parseSeed(text)).toBe(seed))

test.each(['', 'abc', '7.5', '-1', '1e3', '4294967296', ' 7'])('%j is none', (text) =>
  expect(parseSeed(text)).toBeNull(),
)

test('a demo with a seed that is none starts nothing', async () => {
  expect(await runDemo(['--once', '--json', '--seed', '7.5'])).toEqual({
    code: 2,
    stdout: '',
    said: '--seed 7.5 is no seed\nhint: a whole number from 0 to 4294967295\n',
  })
})
