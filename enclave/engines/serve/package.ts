import { chmodSync, copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { nativeFolder } from './llama/addon.ts'

/**
 * The native files that serving needs. Of the fourteen builds of the CPU kernels these are enough for every machine with a TEE (Milan is
 * haswell's instruction set, Genoa zen4, Ice Lake and Sapphire Rapids their own), and `x64` runs anywhere.
 */
const NATIVE = [
  'llama-addon.node',
  'libggml-base.so',
  'libggml-cpu-haswell.so',
  'libggml-cpu-icelake.so',
  'libggml-cpu-sapphirerapids.so',
  'libggml-cpu-x64.so',
  'libggml-cpu-zen4.so',
  'libggml.v0.5.0.so',
  'libllama-common.so',
  'libllama.v0.5.0.so',
] as const

/**
 * Writes the engine as it is measured: `serve.mjs` and `native/`, to be run as `node serve.mjs <inDir> <socketPath>` from a folder that may be
 * read-only. The same sources give the same bytes and modes.
 */
export async function packageServe(outDir: string): Promise<void> {
  rmSync(outDir, { recursive: true, force: true })
  mkdirSync(join(outDir, 'native'), { recursive: true })
  const bundle = join(outDir, 'serve.mjs')
  await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: ['main.ts'],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    legalComments: 'none',
    logLevel: 'error',
  })
  const native = nativeFolder()
  for (const name of NATIVE) {
    const to = join(outDir, 'native', name)
    copyFileSync(join(native, name), to)
    chmodSync(to, 0o644)
  }
  chmodSync(bundle, 0o644)
  chmodSync(join(outDir, 'native'), 0o755)
  chmodSync(outDir, 0o755)
}
