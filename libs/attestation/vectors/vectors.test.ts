import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCatalogues } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { runVectors, type VectorFile } from '../testing/runVectors.ts'
import { vectorVerifiers } from '../testing/vectorVerifiers.ts'

// What each scope of errors must have: its vectors, and how many there are.
const kinds: readonly { scope: string; folder: string; file: string; count: number }[] = [
  { scope: 'tdx', folder: 'tdx', file: 'tdx.json', count: 186 },
  { scope: 'sevsnp', folder: 'sevsnp', file: 'sevsnp.json', count: 139 },
  { scope: 'nvidia', folder: 'nvidia', file: 'nvidia.json', count: 126 },
  { scope: 'rim', folder: 'nvidia/rim', file: 'rim.json', count: 140 },
  { scope: 'nras', folder: 'nvidia/nras', file: 'nras.json', count: 175 },
]

const library = join(import.meta.dirname, '..')

const files = new Map(
  readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.json'))
    .map((name) => [name, JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8')) as VectorFile]),
)

describe.each([...files])('%s', (name, file) => {
  test('gets the verdict that each case states', async () => {
    const outcomes = await runVectors(file, vectorVerifiers)
    const strays = outcomes.filter(({ expect, outcome }) => outcome !== expect)
    expect(strays).toEqual([])
    expect(outcomes.length).toBe(kinds.find((k) => k.file === name)?.count)
  })

  test('names each case once, and uses every blob', () => {
    const names = file.cases.map((c) => c.name)
    expect(names.filter((n, i) => names.indexOf(n) !== i)).toEqual([])
    const used = new Set([...file.roots, ...file.cases.flatMap((c) => [c.evidence, ...c.endorsements])])
    expect(Object.keys(file.blobs).filter((blob) => !used.has(blob))).toEqual([])
  })
})

describe('no code lacks a vector', () => {
  test('every kind that verifies has its file, and no file is a stranger', () => {
    expect(kinds.map((k) => k.file).filter((name) => !files.has(name))).toEqual([])
    expect([...files.keys()].filter((name) => !kinds.some((k) => k.file === name))).toEqual([])
  })

  test('a positive, and one for each code of the kind’s catalogue', () => {
    const expected = new Set([...files.values()].flatMap((file) => file.cases.map((c) => c.expect)))
    const missing = kinds.flatMap(({ scope }) =>
      Object.keys(errorCatalogues().get(scope) ?? {})
        .map((name) => `${scope}/${name}`)
        .filter((code) => !expected.has(code)),
    )
    expect(missing).toEqual([])
    expect(kinds.filter(({ scope }) => !errorCatalogues().has(scope))).toEqual([])
    expect(kinds.filter(({ file }) => !expectationsOf(file).includes('accepted'))).toEqual([])
  })

  test('one for each refusal that the kind’s sources name', () => {
    const refusals = Object.keys(errorCatalogues().get('attestation') ?? {})
    const missing = kinds.flatMap(({ folder, file }) => {
      const text = sourcesOf(folder).map((name) => readFileSync(join(library, folder, name), 'utf8'))
      return refusals
        .filter((refusal) => text.some((source) => source.includes(`'${refusal}'`)))
        .map((refusal) => `attestation/${refusal}`)
        .filter((code) => !expectationsOf(file).includes(code))
        .map((code) => `${file}: ${code}`)
    })
    expect(missing).toEqual([])
  })
})

function expectationsOf(file: string): readonly string[] {
  return files.get(file)?.cases.map((c) => c.expect) ?? []
}

function sourcesOf(folder: string): readonly string[] {
  const path = join(library, folder)
  return existsSync(path) ? readdirSync(path).filter((name) => /\.ts$/.test(name) && !/\.test\.ts$/.test(name)) : []
}
