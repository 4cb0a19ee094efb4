import { expect, test } from 'vitest'
import { buildDigest } from './build.ts'
import { fill } from './testing/samples.ts'

const file = (path: string) => ({ path, mode: 0o644, sha256: fill(32, 1) })

test('a build is named by every path, mode and content', () => {
  const digests = [
    [file('a'), file('b')],
    [file('a')],
    [file('a'), file('c')],
    [file('a'), { ...file('b'), mode: 0o755 }],
    [file('a'), { ...file('b'), sha256: fill(32, 2) }],
  ].map(buildDigest)
  expect(new Set(digests).size).toBe(digests.length)
})

test.each([
  ['out of order', ['b', 'a']],
  ['named twice', ['a', 'a']],
])('files %s are refused', (_, paths) => {
  expect(() => buildDigest(paths.map(file))).toThrow(expect.objectContaining({ code: 'protocol/build-not-sorted' }))
})

test.each(['/etc/passwd', '', 'a\0b'])('the path %j is refused', (path) => {
  expect(() => buildDigest([file(path)])).toThrow(expect.objectContaining({ code: 'protocol/bad-shape' }))
})
