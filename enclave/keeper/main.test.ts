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

const SIMULATED = ['ALLODSIM', 'ALLODGPU', 'allod/sim-report/v1', 'allod/sim-root/v1', 'simulated-chip']

const HARDWARE = ['Intel SGX PCK Platform CA', 'ARK-', 'FMC LF']

test('a bundle for hardware holds nothing that could accept simulated evidence', async () => {
  const [production, devnet] = await Promise.all([bundle('main.ts'), bundle('main.devnet.ts')])
  expect(SIMULATED.filter((mark) => production.includes(mark))).toEqual([])
  expect(SIMULATED.filter((mark) => !devnet.includes(mark))).toEqual([])
  // And what it is for: the verifiers of each maker's chips.
  expect(HARDWARE.filter((mark) => !production.includes(mark))).toEqual([])
})

test('a keeper on hardware ends with its reason, by its code alone, until it can run there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'allod-keeper-'))
  try {
    writeFileSync(join(folder, 'main.mjs'), await bundle('main.ts'))
    const { status, stderr } = spawnSync(process.execPath, [join(folder, 'main.mjs')], { encoding: 'utf8', env: {} })
    expect([status, stderr.trim()]).toEqual([1, 'keeper/no-hardware'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
