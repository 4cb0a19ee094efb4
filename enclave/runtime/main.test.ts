import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, entry)],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    logLevel: 'error',
  })
  return outputFiles[0]?.text ?? ''
}

/** Words of the simulated chip: its reports, its root, its device. */
const SIMULATED = ['ALLODSIM', 'ALLODGPU', 'allod/sim-report/v1', 'allod/sim-root/v1']
const DEVICE = 'chip-unreachable'
/** And what the runtime for hardware speaks to instead. */
const HARDWARE = ['/sys/kernel/config/tsm/report', '/usr/bin/nvattest']

test('a bundle for hardware holds nothing of the simulated chip, and speaks to the kernel’s device', async () => {
  const [production, devnet] = await Promise.all([bundle('main.ts'), bundle('main.devnet.ts')])
  expect([...SIMULATED, DEVICE].filter((mark) => production.includes(mark))).toEqual([])
  expect(devnet).toContain(DEVICE)
  expect(HARDWARE.filter((mark) => !production.includes(mark))).toEqual([])
})

test('without a channel to its host it ends, and says so by a code alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'allod-runtime-'))
  try {
    writeFileSync(join(folder, 'main.mjs'), await bundle('main.ts'))
    const { status, stderr } = spawnSync(process.execPath, [join(folder, 'main.mjs'), '--unisolated', folder], {
      encoding: 'utf8',
      env: {},
    })
    expect([status, stderr]).toEqual([1, 'channel/no-channel\n'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
