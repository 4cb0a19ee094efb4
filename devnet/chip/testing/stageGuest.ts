import { chmodSync, linkSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type StagedRootfs, stageRootfs } from '@allod/environments'
import { build } from 'esbuild'

/** Bundles the guest for tests and stages its root filesystem. */
export async function stageGuest(): Promise<StagedRootfs> {
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
  return stageRootfs([{ path: 'app/main.mjs', from, layer: 'ours' }], dir, {
    bwrap: '/usr/bin/bwrap',
    prlimit: '/usr/bin/prlimit',
  })
}

/** The same root filesystem with another main bundle; everything else is linked. */
export function withMain(staged: StagedRootfs, main: string | Uint8Array): string {
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
