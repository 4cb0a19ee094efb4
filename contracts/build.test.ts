import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { build } from './build.ts'

const root = dirname(import.meta.dirname)

test('the committed artifacts and ABIs are what the sources compile to', { timeout: 600_000 }, () => {
  const stale = [...build()].filter(([path, content]) => readFileSync(join(root, path), 'utf8') !== content)
  expect(
    stale.map(([path]) => path),
    'run node contracts/build.ts',
  ).toEqual([])
})
