import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seccompFilter } from '@allod/sandbox'
import { runWatched, type Watched, type WatchedExit, type WatchLimits, withinOwnLimits } from '@allod/sandbox/node'
import {
  type EngineFolders,
  type EngineLimits,
  type EnginePrograms,
  engineCommand,
  engineKernelLimits,
  plainEngineCommand,
  TMP_BYTES,
} from './engineCommand.ts'

export type { EngineFolders, EngineLimits, EnginePrograms } from './engineCommand.ts'

export type EngineSpec = {
  readonly folders: EngineFolders
  readonly limits: EngineLimits
  /** Script under `/engine` and its arguments. */
  readonly program: readonly [script: `/engine/${string}`, ...args: string[]]
  /** `none` only where the runtime itself runs without a sandbox. */
  readonly isolation: 'bubblewrap' | 'none'
}

export type RunningEngine = {
  /** Why it ended; the last lines of standard error only where the job has an `/out`. */
  readonly exit: Promise<WatchedExit>
  kill(): void
  pause(): void
  resume(): void
}

const MAX_ENTRIES = 4096
const RUN_BYTES = 1 << 20

/** Programs at the places where the root filesystem of the guest has them. */
export const guestPrograms = (): EnginePrograms => ({
  node: '/bin/node',
  bwrap: '/bin/bwrap',
  prlimit: '/bin/prlimit',
  libraries: ['/lib', '/lib64', '/usr/lib'].filter((folder) => existsSync(folder)),
})

/**
 * Starts an engine under the job contract, with an empty environment, and watches its memory, time and output.
 * @throws sandbox/unsupported-architecture
 */
export async function launchEngine(
  spec: EngineSpec,
  programs: EnginePrograms = guestPrograms(),
): Promise<RunningEngine> {
  const { folders, limits, program } = spec
  const root = await mkdtemp(join(tmpdir(), 'allod-engine-'))
  const tmp = join(root, 'tmp')
  await mkdir(tmp)
  const watch: WatchLimits = {
    memoryBytes: limits.memoryBytes,
    wallMs: limits.wallMs,
    folders: [
      { folder: tmp, maxBytes: TMP_BYTES, maxEntries: MAX_ENTRIES },
      ...bounded(folders.output, limits.outputBytes),
      ...bounded(folders.run, RUN_BYTES),
    ],
  }
  const { exit, ...control } =
    spec.isolation === 'bubblewrap'
      ? runWatched(engineCommand(programs, { ...folders, tmp }, withinOwnLimits(engineKernelLimits(limits)), program), {
          seccomp: seccompFilter('inner', process.arch),
          limits: watch,
        })
      : await launchPlain(root, folders, program, watch)
  const isQuiet = folders.output === null
  return {
    ...control,
    exit: exit
      .then((end) => (isQuiet ? { ...end, tail: '' } : end))
      .finally(() => rm(root, { recursive: true, force: true })),
  }
}

const bounded = (folder: string | null, maxBytes: number) =>
  folder === null ? [] : [{ folder, maxBytes, maxEntries: MAX_ENTRIES }]

// The contract's names as links in one folder, since a plain process cannot have a view of its own.
async function launchPlain(
  root: string,
  { engine, input, output, run }: EngineFolders,
  program: readonly string[],
  limits: WatchLimits,
): Promise<Watched> {
  const links = { engine, in: input, out: output, run }
  for (const [name, target] of Object.entries(links)) if (target !== null) await symlink(target, join(root, name))
  return runWatched(plainEngineCommand(process.execPath, root, program), {
    seccomp: null,
    limits,
    cwd: root,
    home: join(root, 'tmp'),
  })
}
