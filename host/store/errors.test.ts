import { readdirSync, readFileSync } from 'node:fs'
import { errorCatalogues } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import { statusOf } from './errors.ts'

describe('errors', () => {
  it('each have a test that names them', () => {
    const here = new URL('.', import.meta.url)
    const tests = readdirSync(here)
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => readFileSync(new URL(file, here), 'utf8'))
      .join('\n')
    const names = Object.keys(errorCatalogues().get('store') ?? {})
    expect(names.length).toBeGreaterThan(10)
    expect(names.filter((name) => !tests.includes(`store/${name}`))).toEqual([])
  })

  it('of unknown kinds are the node’s own', () => {
    expect(statusOf(new TypeError())).toBe(500)
  })
})
