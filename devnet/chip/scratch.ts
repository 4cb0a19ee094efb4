import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { chmod, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { sharedTemp } from '@allod/environments'

/** A temporary folder of one run of the chip, passable by guests and listable by nobody else. */
export type Scratch = { readonly dir: string; close(): void }

/** Makes it, and removes the one that a killed chip left behind. */
export async function openScratch(dataDir: string): Promise<Scratch> {
  const note = join(dataDir, 'scratch.txt')
  if (existsSync(note)) rmSync(readFileSync(note, 'utf8'), { recursive: true, force: true })
  const dir = await mkdtemp(join(sharedTemp(), 'allod-chip-'))
  writeFileSync(note, dir)
  await chmod(dir, 0o711)
  return {
    dir,
    close() {
      rmSync(dir, { recursive: true, force: true })
      rmSync(note, { force: true })
    },
  }
}
