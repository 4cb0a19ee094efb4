import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type StagedRootfs, stageRootfs } from '@allod/environments'
import { build } from 'esbuild'

/** Bundles the guest for tests and stages its root filesystem. @param suffix text appended to the bundle */
export async function stageGuest(suffix = ''): Promise<StagedRootfs> {
  const bundled = await build({
    entryPoints: [join(import.meta.dirname, 'guest.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    write: false,
  })
  const bytes = Buffer.concat([bundled.outputFiles[0]?.contents ?? new Uint8Array(), Buffer.from(suffix)])
  const dir = mkdtempSync(join(tmpdir(), 'allod-rootfs-'))
  return stageRootfs([{ path: 'app/main.mjs', from: bytes, layer: 'ours' }], dir, {
    bwrap: '/usr/bin/bwrap',
    prlimit: '/usr/bin/prlimit',
  })
}
