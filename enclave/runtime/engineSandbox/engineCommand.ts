import { join } from 'node:path'
import { type KernelLimits, limitCommand, type Mount, sandboxCommand } from '@allod/sandbox'

/** Programs of the measured root filesystem that an engine needs; libraries are folders, visible at the same path. */
export type EnginePrograms = {
  readonly node: string
  readonly bwrap: string
  readonly prlimit: string
  readonly libraries: readonly string[]
}

/** Folders of one engine run, as the runtime sees them. Null where the job has none. */
export type EngineFolders = {
  /** Becomes `/engine`, read-only. */
  readonly engine: string
  /** Becomes `/in`, read-only. */
  readonly input: string
  /** Becomes `/out`, for finetune and run. */
  readonly output: string | null
  /** Becomes `/run`, where a serve engine makes `engine.sock`. */
  readonly run: string | null
}

export type EngineLimits = {
  readonly memoryBytes: number
  readonly wallMs: number
  readonly outputBytes: number
  /** Tasks in the sandbox, the runtime's own included. */
  readonly processes: number
}

/** What an engine may keep in `/tmp`. */
export const TMP_BYTES = 64 << 20
// Node alone reserves half a gigabyte of writable memory that it never touches.
const DATA_SLACK_BYTES = 1 << 30

/** The kernel's limits for an engine. Pure. */
export const engineKernelLimits = (limits: EngineLimits): KernelLimits => ({
  processes: limits.processes,
  openFiles: 1024,
  dataBytes: limits.memoryBytes + DATA_SLACK_BYTES,
  fileBytes: Math.max(limits.outputBytes, TMP_BYTES),
})

/** The command of an engine in the inner sandbox: no network, nothing but its folders. Pure. */
export function engineCommand(
  { node, bwrap, prlimit, libraries }: EnginePrograms,
  folders: EngineFolders & { readonly tmp: string },
  kernel: KernelLimits,
  program: readonly string[],
): readonly string[] {
  const mounts: Mount[] = [
    { kind: 'read', from: node, to: '/bin/node' },
    ...libraries.map((folder): Mount => ({ kind: 'read', from: folder, to: folder })),
    { kind: 'read', from: folders.engine, to: '/engine' },
    { kind: 'read', from: folders.input, to: '/in' },
    ...(folders.output === null ? [] : [{ kind: 'write', from: folders.output, to: '/out' } as const]),
    ...(folders.run === null ? [] : [{ kind: 'write', from: folders.run, to: '/run' } as const]),
    // Not a file system of its own: files in one could be counted by nobody outside.
    { kind: 'write', from: folders.tmp, to: '/tmp' },
  ]
  return [
    ...limitCommand(prlimit, kernel),
    ...sandboxCommand({ bwrap, hostname: 'engine', mounts, home: '/tmp', command: ['/bin/node', ...program] }),
  ]
}

/** The command of an engine without a sandbox: the contract's folders, in its words too, lie under `root`. Pure. */
export const plainEngineCommand = (node: string, root: string, program: readonly string[]): readonly string[] => [
  node,
  ...program.map((word) => (/^\/(?:engine|in|out|run|tmp)(?:\/|$)/.test(word) ? join(root, word) : word)),
]
