import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './imports.ts'

/** A workspace: where it lies, and what it lets others import. */
export type Package = { readonly name: string; readonly folder: string; readonly entries: readonly string[] }

const folders = ['libs', 'enclave', 'enclave/engines', 'host', 'user', '.']

/** Every workspace of the project. */
export const packages: readonly Package[] = folders.flatMap((parent) =>
  readdirSync(join(root, parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .flatMap((entry) => {
      const folder = parent === '.' ? entry.name : `${parent}/${entry.name}`
      try {
        const { name, exports } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
        return [{ name, folder, entries: Object.keys(exports).map((e) => name + e.slice(1)) }]
      } catch {
        return []
      }
    }),
)

/** The workspace a file belongs to: the one with the longest folder around it. */
export const packageOf = (file: string): Package | undefined =>
  [...packages].sort((a, b) => b.folder.length - a.folder.length).find((p) => file.startsWith(`${p.folder}/`))
