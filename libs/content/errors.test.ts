import { readdirSync, readFileSync } from 'node:fs'
import { errorCatalogues } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import './errors.ts'

describe('errors', () => {
  it('each have a test that names them', () => {
    const here = new URL('.', import.meta.url)
    const tests = readdirSync(here, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => readFileSync(new URL(file, here), 'utf8'))
      .join('\n')
    const names = Object.keys(errorCatalogues().get('content') ?? {})
    expect(names.length).toBeGreaterThan(30)
    expect(names.filter((name) => !tests.includes(`content/${name}`))).toEqual([])
  })
})
