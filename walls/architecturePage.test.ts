import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { root, sourceFiles } from './imports.ts'

const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
const files = sourceFiles()
const folders = [...new Set(files.flatMap((file) => ancestors(dirname(file))))]

function ancestors(folder: string): readonly string[] {
  return folder === '.' ? [] : [folder, ...ancestors(dirname(folder))]
}

/** What the page names: a path from the root, or the end of one whose beginning the reader knows by then. */
const named = [...page.matchAll(/`([^`\s]+)`/g)].map((found) => String(found[1]))
const paths = named.filter((name) => /^[\w.-]+\.ts$|^[\w.-]+(\/[\w.-]+)*\/[\w.-]*$/.test(name))
const exists = (path: string): boolean => {
  const name = path.replace(/\/$/, '')
  return existsSync(join(root, name)) || [...files, ...folders].some((known) => known.endsWith(`/${name}`))
}

test('every file and folder that the walk of an order names is there', () => {
  expect(paths.length).toBeGreaterThan(60)
  expect(paths.filter((path) => !exists(path))).toEqual([])
})

test('the walk passes through every package that plays a part in an order', () => {
  const played = [
    'user/cli',
    'user/sdk',
    'host/provider',
    'host/keeper',
    'host/store',
    'host/gateway',
    'host/environments',
  ]
  const all = [...played, 'enclave/runtime', 'enclave/keeper', 'devnet/chip', 'devnet/network', 'contracts']
  expect(all.filter((folder) => !paths.some((path) => path === folder || path.startsWith(`${folder}/`)))).toEqual([])
})
