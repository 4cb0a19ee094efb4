import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isPassableByOthers } from '@allod/environments'
import type { Hex } from '@allod/protocol'
import { measureRootfs } from './measureRootfs.ts'

/** The chip's private copies of root filesystems, by build digest. What it starts, it starts from here. */
export type BuildStore = {
  /** Copies a root filesystem in where it is new, and measures the copy again either way. */
  admit(rootfs: string): Promise<{ readonly build: Hex; readonly dir: string }>
}

/** Opens the store under `dataDir`; under `scratchDir`, for this run only, where guests of another uid could not reach it. */
export async function openBuildStore(dataDir: string, scratchDir: string): Promise<BuildStore> {
  const isHidden = process.getuid?.() === 0 && !isPassableByOthers(dataDir)
  const root = join(isHidden ? scratchDir : dataDir, 'builds')
  await mkdir(root, { recursive: true })
  await chmod(root, 0o711)
  return { admit: (rootfs) => admit(root, rootfs) }
}

async function admit(root: string, rootfs: string): Promise<{ readonly build: Hex; readonly dir: string }> {
  const { build } = await measureRootfs(rootfs)
  const known = join(root, build)
  if (existsSync(known)) {
    const again = await measureRootfs(known)
    if (again.build === build) return { build, dir: known }
    await rm(known, { recursive: true, force: true })
  }
  // The copy is measured as it is written, so a change between the two readings only gives another digest.
  const fresh = join(root, `new-${randomBytes(8).toString('hex')}`)
  const copied = await measureRootfs(rootfs, fresh)
  const dir = join(root, copied.build)
  if (existsSync(dir)) await rm(fresh, { recursive: true, force: true })
  else await rename(fresh, dir)
  return { build: copied.build, dir }
}
