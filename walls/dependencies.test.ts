import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root, sourceFiles } from './imports.ts'
import { packages } from './packages.ts'

const folders = ['.', ...packages.map((p) => p.folder)]
const page = readFileSync(join(root, 'docs/internals/dependencies.md'), 'utf8')

type Pin = { readonly folder: string; readonly name: string; readonly version: string }

const pins: readonly Pin[] = folders.flatMap((folder) => {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = JSON.parse(
    readFileSync(join(root, folder, 'package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>
  const all = { ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies }
  return Object.entries(all).map(([name, version]) => ({ folder, name, version }))
})
const others = new Set(pins.map((p) => p.name).filter((name) => !name.startsWith('@allod/')))
/** Package names in the first column of the page's table. */
const onPage = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map((found) => found[1]))

// Fetched by the bench alone, by a pin and hashes of its own.
const FETCHED = { name: '@iexec/poco', by: 'bench/gas/iexec.ts' }
// By another name than their package's: the command that they bring, and the types of `node:`.
const asUsed: Readonly<Record<string, string>> = { '@foundry-rs/cast': "'cast'", '@types/node': 'node:' }

test('every package that a workspace depends on is on the page, and every one on the page is depended on', () => {
  expect(onPage.length).toBeGreaterThan(20)
  expect(onPage.toSorted()).toEqual([...others, FETCHED.name].toSorted())
  expect(readFileSync(join(root, FETCHED.by), 'utf8')).toContain(`'${FETCHED.name}@`)
})

test('every pin is exact, and one for the whole project', () => {
  expect(pins.filter(({ version }) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  const versions = Map.groupBy(pins, (p) => p.name)
  const split = [...versions].filter(([, of]) => new Set(of.map((p) => p.version)).size > 1)
  expect(split.map(([name]) => name)).toEqual([])
})

test('every package is named by a source of each workspace that depends on it', () => {
  const itself = 'walls/dependencies.test.ts'
  const files = [...sourceFiles().filter((file) => file !== itself), 'contracts/foundry.toml']
  const sources = files.map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }))
  const unused = pins.filter(({ folder, name }) => {
    const below = sources.filter(({ file }) => folder === '.' || file.startsWith(`${folder}/`))
    return !below.some(({ text }) => text.includes(asUsed[name] ?? name))
  })
  expect(unused.map(({ folder, name }) => `${folder}: ${name}`)).toEqual([])
})
