import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './imports.ts'
import { trustedPage } from './trustedPage.ts'

test('what is trusted is as large as TCB.md says: node walls/trustedPage.ts', async () => {
  expect(readFileSync(join(root, 'TCB.md'), 'utf8')).toBe(await trustedPage())
})
