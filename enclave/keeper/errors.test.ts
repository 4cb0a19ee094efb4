import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCatalogues } from '@allod/protocol'
import { expect, test } from 'vitest'
import './errors.ts'

test('every refusal has a test that names it', () => {
  const tests = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules'))
    .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'))
    .join('\n')
  const codes = Object.keys(errorCatalogues().get('keeper') ?? {}).map((name) => `keeper/${name}`)
  expect(codes.filter((code) => !tests.includes(`'${code}'`))).toEqual([])
  expect(codes.length).toBeGreaterThan(50)
})
