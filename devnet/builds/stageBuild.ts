import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type Layer, planRootfs, type StagedPrograms, type StagedSource, stageRootfs } from '@allod/environments'
import type { Hex } from '@allod/protocol'
import { build as bundle } from 'esbuild'
import { writeWhole } from '../files/writeWhole.ts'

/** The two programs that run inside a confidential environment. */
export const programs = { runtime: '@allod/runtime/main.devnet', keeper: '@allod/keeper/main.devnet' } as const
export type ProgramName = keyof typeof programs

/** A measured root filesystem, ready to launch. */
export type StagedBuild = {
  readonly rootfs: string
  readonly build: Hex
  readonly layers: Readonly<Record<Layer, number>>
}

/**
 * Bundles a program and stages the root filesystem it runs in, unless exactly this one is there already. The same sources,
 * packages and platform give the same digest.
 * @param folder where builds are kept, by program
 * @param sandbox the programs of its inner sandbox; null where there is to be none, which makes another build of it
 */
export async function stageBuild(
  name: ProgramName,
  folder: string,
  sandbox: Pick<StagedPrograms, 'bwrap' | 'prlimit'> | null,
): Promise<StagedBuild> {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const script = await bundleProgram(name)
  const [rootfs, record, fresh] = [join(folder, name), join(folder, `${name}.json`), join(folder, `${name}.new`)]
  const { bwrap, prlimit } = sandbox ?? { bwrap: null, prlimit: null }
  const app = { path: 'app/main.mjs', from: script, layer: 'ours' } as const
  const { build, files } = planRootfs([app, ...(name === 'runtime' ? engineLibraries() : [])], {
    bwrap,
    prlimit,
    node: process.execPath,
  })
  const known = readRecord(record)
  if (known?.build === build && existsSync(rootfs)) return known
  rmSync(fresh, { recursive: true, force: true })
  stageRootfs({ build, files }, fresh)
  // Whoever dies from here on leaves no record, so none that says something else than what is there.
  rmSync(record, { force: true })
  rmSync(rootfs, { recursive: true, force: true })
  renameSync(fresh, rootfs)
  const layers = { ours: 0, npm: 0, platform: 0 }
  for (const file of files) layers[file.layer] += file.sizeBytes
  const result = { rootfs, build, layers }
  writeWhole(record, JSON.stringify(result))
  return result
}

/** What is recorded of a build; null where nothing is, or what is there cannot be read. */
function readRecord(path: string): StagedBuild | null {
  if (!existsSync(path)) return null
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as StagedBuild | null
  } catch {
    return null
  }
}

/** One program as one script, deterministic and readable: nothing is minified in what is reviewed line by line. */
export async function bundleProgram(name: ProgramName): Promise<Uint8Array> {
  const root = join(import.meta.dirname, '../..')
  const { outputFiles } = await bundle({
    absWorkingDir: root,
    entryPoints: [createRequire(import.meta.url).resolve(programs[name])],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    legalComments: 'none',
    logLevel: 'error',
  })
  const [output] = outputFiles
  if (output === undefined) throw new Error('the bundler wrote nothing')
  return output.contents
}

// What an engine's native parts may count on beside what node itself loads: the rest of the C library's family.
function engineLibraries(): readonly StagedSource[] {
  const listing = execFileSync('ldd', [process.execPath], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } })
  const libc = /=> (\/\S+)\/libc\.so\.6/.exec(listing)?.[1]
  if (libc === undefined) throw new Error('node does not say where the C library is')
  return ['librt.so.1', 'libutil.so.1'].map((file) => ({
    path: `${libc.slice(1)}/${file}`,
    from: realpathSync(join(libc, file)),
    layer: 'platform',
    isExecutable: true,
  }))
}
