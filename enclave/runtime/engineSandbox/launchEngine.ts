import { existsSync } from 'node:fs'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seccompFilter } from '@allod/sandbox'
import { runWatched, type WatchedExit, withinOwnLimits } from '@allod/sandbox/node'
import {
  type EngineFolders,
  type EngineLimits,
  type EnginePrograms,
  engineCommand,
  engineKernelLimits,
  plainEngineCommand,
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
}

const MAX_OUTPUT_ENTRIES = 4096

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
  const output =
    folders.output === null
      ? null
      : { folder: folders.output, maxBytes: limits.outputBytes, maxEntries: MAX_OUTPUT_ENTRIES }
  const watch = { memoryBytes: limits.memoryBytes, wallMs: limits.wallMs, output }
  const isQuiet = folders.output === null
  const quiet = (exit: WatchedExit): WatchedExit => (isQuiet ? { ...exit, tail: '' } : exit)
  if (spec.isolation === 'bubblewrap') {
    const kernel = withinOwnLimits(engineKernelLimits(limits))
    const { exit, kill } = runWatched(engineCommand(programs, folders, kernel, program), {
      seccomp: seccompFilter('inner', process.arch),
      limits: watch,
    })
    return { exit: exit.then(quiet), kill }
  }
  const root = await plainRoot(folders)
  const { exit, kill } = runWatched(plainEngineCommand(process.execPath, root, program), {
    seccomp: null,
    limits: watch,
    cwd: root,
  })
  return { kill, exit: exit.then(quiet).finally(() => rm(root, { recursive: true, force: true })) }
}

// The contract's names as links in one folder, since a plain process cannot have a view of its own.
async function plainRoot({ engine, input, output, run }: EngineFolders): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'allod-engine-'))
  const links = { engine, in: input, out: output, run }
  for (const [name, target] of Object.entries(links)) if (target !== null) await symlink(target, join(root, name))
  return root
}
