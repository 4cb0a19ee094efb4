import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Every file that an entry pulls in, with its text. */
function filesOf(entry: string): Map<string, string> {
  const files = new Map<string, string>()
  const visit = (url: URL): void => {
    if (files.has(url.pathname)) return
    const text = readFileSync(url, 'utf8')
    files.set(url.pathname, text)
    for (const [, path] of text.matchAll(/from '(\.[^']+)'/g)) visit(new URL(path ?? '', url))
  }
  visit(new URL(entry, import.meta.url))
  return files
}

test('the root entry runs in a browser: nothing of Node in any file it pulls in', () => {
  const files = filesOf('./index.ts')
  expect(files.size).toBeGreaterThan(15)
  for (const [path, text] of files)
    expect(/'node:|\bBuffer\b|\bprocess\.|\bNodeJS\b|\bsetImmediate\b/.exec(text), path).toBe(null)
})
