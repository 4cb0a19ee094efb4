import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Folder } from '@allod/models'
import { fail } from './errors.ts'

const MAX_FILES = 1000

/**
 * The files of a folder, one level deep, as models and adapters have them; null where there is no such folder.
 * @throws serve/bad-input
 */
export function readFolder(path: string): Folder | null {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return null
  const names = readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort()
  if (names.length > MAX_FILES)
    throw fail('bad-input', { expected: `at most ${MAX_FILES} files`, actual: names.length })
  return new Map(names.map((name) => [name, readFileSync(join(path, name))]))
}
