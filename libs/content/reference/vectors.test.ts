import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { vectorsOf } from '../testing/vectors.ts'
import { vectors } from './vectors.ts'

describe('vectors', () => {
  it('are what the generator writes', async () => {
    const generated = JSON.parse(JSON.stringify(await vectors())) as Record<string, unknown>
    const committed = readdirSync(new URL('../vectors', import.meta.url)).map((file) => file.replace('.json', ''))
    expect(committed.sort()).toEqual(Object.keys(generated).sort())
    for (const name of committed) expect(vectorsOf(name)).toEqual(generated[name])
  })
})
