import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { type Mutant, mutantsOf } from './mutantsOf.ts'

/** A copy of the package with every mutant built in. */
export type Copy = {
  /** The copy's own root: the package is in `libs/attestation` below it, as it is in the repository. */
  readonly root: string
  readonly mutants: readonly Mutant[]
}

const folders = ['x509', 'tdx', 'sevsnp', 'nvidia']
const core = ['appraisal', 'appraise', 'bind', 'commonChecks', 'deviceSetChecks', 'unbound', 'verify', 'verifierOf']

/**
 * Copies the package to a folder named by its contents, so that a later run of the same sources goes on where one stopped.
 * Modules and recordings are found as they are in the repository, by links.
 * @param library the package's folder
 */
export function copyPackage(library: string): Copy {
  const repository = join(library, '../..')
  const files = sourcesOf(library)
  const hash = createHash('sha256')
  for (const file of files) hash.update(file).update(readFileSync(join(library, file)))
  const root = join(tmpdir(), 'allod-mutants', hash.digest('hex').slice(0, 16), 'main')
  const target = join(root, 'libs/attestation')
  mkdirSync(target, { recursive: true })
  link(join(repository, 'node_modules'), join(root, 'node_modules'))
  link(join(repository, '../shared'), join(root, '../shared'))
  link(join(library, 'node_modules'), join(target, 'node_modules'))
  let next = 1
  const mutants: Mutant[] = []
  cpSync(library, target, { recursive: true, filter: (path) => !/\/node_modules(\/|$)/.test(path) })
  for (const file of files.filter(isMutated)) {
    const made = mutantsOf(file, readFileSync(join(library, file), 'utf8'), next)
    mutants.push(...made.mutants)
    next += made.mutants.length
    writeFileSync(join(target, file), made.text)
  }
  writeFileSync(join(root, 'vitest.config.ts'), CONFIG)
  return { root, mutants }
}

const CONFIG = `export default { test: {
  include: ['libs/attestation/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: 2,
  setupFiles: ['libs/attestation/testing/mutation/setup.ts'],
} }
`

function isMutated(file: string): boolean {
  if (/\.test\.ts$|(^|\/)testing\//.test(file) || !file.endsWith('.ts')) return false
  return folders.some((folder) => file.startsWith(`${folder}/`)) || core.some((name) => file === `${name}.ts`)
}

function sourcesOf(library: string): readonly string[] {
  return readdirSync(library, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|json)$/.test(entry.name))
    .map((entry) => relative(library, join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes('node_modules'))
    .sort()
}

function link(from: string, to: string): void {
  if (existsSync(from) && !existsSync(to)) symlinkSync(from, to)
}
