import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

/**
 * Copies a checkout to a folder of its own, to change and run there. Modules that others made are found by links; our own
 * packages are the copy's, so that no test of the copy reads a source of the original.
 * @returns the copy's root
 */
export function copyTree(root: string): string {
  const copy = join(mkdtempSync(join(tmpdir(), 'allod-mutants-')), 'main')
  const isOurs = (path: string): boolean => !['node_modules', '.git', '.allod', '.vitest'].includes(basename(path))
  cpSync(root, copy, { recursive: true, filter: isOurs })
  linkEach(join(root, 'node_modules'), join(copy, 'node_modules'), ['@allod', '.vite', '.vite-temp'])
  // Their links lead out of the folder by two steps up, so that they mean the copy where they stand in it.
  cpSync(join(root, 'node_modules/@allod'), join(copy, 'node_modules/@allod'), {
    recursive: true,
    verbatimSymlinks: true,
  })
  // Recorded evidence lies beside the checkout, where there is some.
  const recordings = join(root, '../shared')
  if (existsSync(recordings)) symlinkSync(recordings, join(copy, '../shared'))
  return copy
}

function linkEach(from: string, to: string, except: readonly string[]): void {
  mkdirSync(to)
  for (const name of readdirSync(from)) if (!except.includes(name)) symlinkSync(join(from, name), join(to, name))
}
