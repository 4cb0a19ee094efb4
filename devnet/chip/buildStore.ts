import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hex } from '@allod/protocol'
import { isReachableByOthers, measureRootfs } from './measureRootfs.ts'

/** The chip's private copies of root filesystems, by build digest. What it starts, it starts from here. */
export type BuildStore = {
  /** Copies a root filesystem in where it is new, and measures the copy again either way. */
  admit(rootfs: string): Promise<{ readonly build: Hex; readonly dir: string }>
  close(): void
}

/**
 * Opens the store under `dataDir`; where a guest under another uid could not reach it, under the temporary folder.
 */
export async function openBuildStore(dataDir: string): Promise<BuildStore> {
  const note = join(dataDir, 'elsewhere.txt')
  if (existsSync(note)) rmSync(readFileSync(note, 'utf8'), { recursive: true, force: true })
  rmSync(note, { force: true })
  const isPrivate = process.getuid?.() === 0 && !(await isReachableByOthers(dataDir))
  const root = isPrivate ? await mkdtemp(join(tmpdir(), 'allod-chip-')) : join(dataDir, 'builds')
  // Written before anything is: a chip that is killed leaves no copies behind for good.
  if (isPrivate) writeFileSync(note, root)
  await mkdir(root, { recursive: true })
  await chmod(root, 0o711)
  return {
    admit: (rootfs) => admit(root, rootfs),
    close() {
      if (!isPrivate) return
      rmSync(root, { recursive: true, force: true })
      rmSync(note, { force: true })
    },
  }
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
