import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { isPassableByOthers } from '@allod/environments'
import { errorsOf, type Hex } from '@allod/protocol'
import { measureRootfs } from './measureRootfs.ts'

/** The chip's private copies of root filesystems, by build digest. What it starts, it starts from here. */
export type BuildStore = {
  /** Copies a root filesystem in where it is new, and measures the copy again either way. */
  admit(rootfs: string): Promise<{ readonly build: Hex; readonly dir: string }>
}

const fail = errorsOf('chip', {
  'rootfs-changed': ['the root filesystem changed while it was measured', 'stage it completely before launching it'],
})

/** Copies kept from one run of the chip to the next. */
const KEPT = 4

/** Opens the store under `dataDir`; under `scratchDir`, for this run only, where guests of another uid could not reach it. */
export async function openBuildStore(dataDir: string, scratchDir: string): Promise<BuildStore> {
  const isHidden = process.getuid?.() === 0 && !isPassableByOthers(dataDir)
  const root = join(isHidden ? scratchDir : dataDir, 'builds')
  await mkdir(root, { recursive: true })
  await chmod(root, 0o711)
  await prune(root)
  // One after the other: two guests of one new build must not copy it over each other.
  let before: Promise<unknown> = Promise.resolve()
  return {
    admit(rootfs) {
      const admitted = before.then(() => admit(root, rootfs))
      before = admitted.catch(() => {})
      return admitted
    },
  }
}

async function admit(root: string, rootfs: string): Promise<{ readonly build: Hex; readonly dir: string }> {
  const { build } = await measureRootfs(rootfs)
  const dir = join(root, build)
  if (existsSync(dir)) {
    if ((await measureRootfs(dir)).build === build) {
      const now = new Date()
      await utimes(dir, now, now)
      return { build, dir }
    }
    await rm(dir, { recursive: true, force: true })
  }
  const fresh = join(root, `new-${randomBytes(8).toString('hex')}`)
  const copied = await measureRootfs(rootfs, fresh)
  if (copied.build !== build) {
    await rm(fresh, { recursive: true, force: true })
    throw fail('rootfs-changed', { expected: build, actual: copied.build })
  }
  await rename(fresh, dir)
  return { build, dir }
}

// Before any guest runs: what a killed chip left half-copied goes, and all but the copies used last.
async function prune(root: string): Promise<void> {
  const names = await readdir(root)
  const copies = await Promise.all(
    names
      .filter((name) => !name.startsWith('new-'))
      .map(async (name) => ({ name, usedAt: (await stat(join(root, name))).mtimeMs })),
  )
  copies.sort((a, b) => b.usedAt - a.usedAt)
  const kept = copies.slice(0, KEPT).map(({ name }) => name)
  for (const name of names) if (!kept.includes(name)) await rm(join(root, name), { recursive: true, force: true })
}
