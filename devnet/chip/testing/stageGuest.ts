import { chmodSync, linkSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type PlannedRootfs, planRootfs, stageRootfs } from '@allod/environments'
import { build } from 'esbuild'

/** Its root filesystem, and the folder that it was written to. */
export type StagedGuest = PlannedRootfs & { readonly dir: string }

/** Bundles the guest for tests and stages its root filesystem. */
export async function stageGuest(): Promise<StagedGuest> {
  const bundled = await build({
    entryPoints: [join(import.meta.dirname, 'guest.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    write: false,
  })
  const from = bundled.outputFiles[0]?.contents ?? new Uint8Array()
  const dir = mkdtempSync(join(tmpdir(), 'allod-rootfs-'))
  const programs = { bwrap: '/usr/bin/bwrap', prlimit: '/usr/bin/prlimit' }
  const planned = planRootfs([{ path: 'app/main.mjs', from, layer: 'ours' }], programs)
  stageRootfs(planned, dir)
  return { ...planned, dir }
}

/** The same root filesystem with another main bundle; everything else is linked. */
export function withMain(staged: StagedGuest, main: string | Uint8Array): string {
  const dir = mkdtempSync(join(tmpdir(), 'allod-rootfs-'))
  chmodSync(dir, 0o755)
  for (const folder of ['proc', 'dev', 'tmp', 'run', 'work', 'out', 'in', 'engine', 'app'])
    mkdirSync(join(dir, folder), { recursive: true })
  for (const { path } of staged.files) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    if (path === 'app/main.mjs') writeFileSync(join(dir, path), main, { mode: 0o444 })
    else linkSync(join(staged.dir, path), join(dir, path))
  }
  return dir
}
