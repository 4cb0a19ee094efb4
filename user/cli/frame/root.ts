import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fail } from './errors.ts'

/** The clone this program lies in. */
const root = dirname(dirname(dirname(import.meta.dirname)))

/** A program of another zone, by its file: started as a process, never imported. @throws cli/no-devnet-program */
export function programOf(file: string): string {
  const path = join(root, file)
  if (!existsSync(path)) throw fail('no-devnet-program', { actual: file })
  return path
}
