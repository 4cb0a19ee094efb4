import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { build, type Plugin } from 'esbuild'

const NATIVE = ['onnxruntime_binding.node', 'libonnxruntime.so.1'] as const

/** The files of a packaged engine, by name. */
export const PACKAGED_FILES: readonly string[] = ['finetune.mjs', ...NATIVE]

/**
 * Writes the engine as a folder that needs only node: one bundle, and the executor's native files for Linux on x64
 * beside it. The same sources give the same bytes. Run it as `node finetune.mjs <inDir> <outDir>`.
 */
export async function packageFinetune(outDir: string): Promise<void> {
  mkdirSync(outDir, { recursive: true })
  await build({
    entryPoints: [join(import.meta.dirname, 'main.ts')],
    outfile: join(outDir, 'finetune.mjs'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    legalComments: 'none',
    logLevel: 'warning',
    // Paths in the bundle's comments would differ from machine to machine.
    absWorkingDir: import.meta.dirname,
    minifyWhitespace: true,
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    plugins: [nativeBeside],
  })
  const binaries = join(dirname(createRequire(import.meta.url).resolve('onnxruntime-node')), '../bin/napi-v6/linux/x64')
  for (const name of NATIVE) copyFileSync(join(binaries, name), join(outDir, name))
}

/** Makes the executor load its native half from beside the bundle instead of by platform from its package. */
const nativeBeside: Plugin = {
  name: 'native-beside',
  setup(context) {
    context.onResolve({ filter: /^\.\/onnxruntime_binding\.node$/ }, ({ path }) => ({ path, external: true }))
    context.onLoad({ filter: /onnxruntime-node[\\/]dist[\\/]binding\.js$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8')
      const contents = source.replace(
        /require\(`[^`]*onnxruntime_binding\.node`\)/,
        "require('./onnxruntime_binding.node')",
      )
      if (contents === source) throw new Error('onnxruntime-node loads its native half in a new way: adapt package.ts')
      return { contents, loader: 'js' }
    })
  },
}
