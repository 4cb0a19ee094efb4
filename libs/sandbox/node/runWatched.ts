import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { type Readable, Writable } from 'node:stream'
import { SECCOMP_FD, STATUS_FD } from '../sandboxCommand.ts'
import { folderSize } from './folderSize.ts'
import { leakedDescriptors } from './leakedDescriptors.ts'
import { treeMemory, treeOf } from './treeMemory.ts'

/** Why something that was watched ended. */
export type EndReason = 'ok' | 'exit' | 'memory-limit' | 'time-limit' | 'output-limit' | 'launch-failed'

export type WatchedExit = {
  readonly reason: EndReason
  /** Exit code; 128 + n where signal n ended the program inside. */
  readonly code: number | null
  /** The signal that ended the sandbox itself. */
  readonly signal: string | null
  readonly peakBytes: number
  /** Last bytes on standard error, at most 4 KiB. */
  readonly tail: string
}

export type FolderLimit = { readonly folder: string; readonly maxBytes: number; readonly maxEntries: number }

export type WatchLimits = {
  readonly memoryBytes: number
  readonly wallMs: number
  /** Folders that must stay small. */
  readonly folders: readonly FolderLimit[]
}

export type Watched = {
  readonly exit: Promise<WatchedExit>
  /** Ends it and everything below it, at once. */
  kill(): void
  /** Stops it and everything below it where they are. Time goes on counting. */
  pause(): void
  /** Lets it go on. */
  resume(): void
}

// What a look misses, the kernel's own limits bound, a process and a file at a time; looks cost whoever works inside its core.
const POLL_MS = 200
const LINGER_MS = 1000
const TAIL_BYTES = 4096

/**
 * Runs a command with none of our environment and watches memory, time and output of everything below it.
 * @param seccomp the filter that a sandbox command reads; null runs a plain command, which reports no status
 */
export function runWatched(
  command: readonly string[],
  {
    seccomp,
    limits,
    cwd = '/',
    home,
  }: {
    readonly seccomp: Uint8Array | null
    readonly limits: WatchLimits
    readonly cwd?: string
    /** `HOME` of a plain command. */
    readonly home?: string
  },
): Watched {
  const child = start(command, { cwd, env: home === undefined ? {} : { HOME: home } }, seccomp !== null)
  if (seccomp) feed(child.stdio[SECCOMP_FD], seccomp)
  const status = collect(child.stdio[STATUS_FD] as Readable | null)
  const tail = collect(child.stderr)
  const end = () => signalAll(child, 'SIGKILL', (tree) => tree)
  return {
    kill: end,
    // Parents first to stop, so that none starts a child that is missed; children first to go on.
    pause: () => signalAll(child, 'SIGSTOP', (tree) => tree),
    resume: () => signalAll(child, 'SIGCONT', (tree) => tree.toReversed()),
    exit: watch(child, limits, end).then(({ reason, code, signal, peakBytes }) => {
      const inside = /"exit-code": (\d+)/.exec(status())?.[1]
      const isStarted = seccomp ? inside !== undefined : code !== null
      const exitCode = inside === undefined ? code : Number(inside)
      const natural = !isStarted && signal === null ? 'launch-failed' : exitCode === 0 ? 'ok' : 'exit'
      return { reason: reason ?? natural, code: exitCode, signal, peakBytes, tail: tail() }
    }),
  }
}

function start(command: readonly string[], options: SpawnOptions, isSandboxed: boolean): ChildProcess {
  const [program, ...args] = command as readonly [string, ...string[]]
  const extra = isSandboxed ? 'pipe' : 'ignore'
  const stdio: ('ignore' | 'pipe' | number)[] = ['ignore', 'ignore', 'pipe', extra, extra]
  // Whatever we inherited ourselves would reach the child; it gets nothing to read and nowhere to write instead.
  const nothing = openSync('/dev/null', 'r+')
  try {
    for (const fd of leakedDescriptors()) {
      while (stdio.length < fd) stdio.push('ignore')
      stdio[fd] = nothing
    }
    // Its own process group: a Ctrl-C is for the one who launched it, who then ends it in order.
    return spawn(program, args, { ...options, detached: true, stdio })
  } finally {
    closeSync(nothing)
  }
}

type Ended = {
  readonly reason: EndReason | null
  readonly code: number | null
  readonly signal: string | null
  readonly peakBytes: number
}

function watch(child: ChildProcess, limits: WatchLimits, end: () => void): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>()
  const started = performance.now()
  let reason: EndReason | null = null
  let peakBytes = 0
  const refuse = (why: EndReason) => {
    reason ??= why
    end()
  }
  const poll = setInterval(() => {
    const bytes = child.pid === undefined ? 0 : treeMemory(child.pid)
    peakBytes = Math.max(peakBytes, bytes)
    if (bytes > limits.memoryBytes) refuse('memory-limit')
    else if (performance.now() - started > limits.wallMs) refuse('time-limit')
    else if (isOverflowing(limits)) refuse('output-limit')
  }, POLL_MS)
  child.once('error', () => refuse('launch-failed'))
  // Whoever slipped out of the tree of a plain command may keep its standard error open; nobody waits for that one.
  child.once('exit', () => void setTimeout(() => child.stderr?.destroy(), LINGER_MS).unref())
  child.once('close', (code, signal) => {
    clearInterval(poll)
    if (isOverflowing(limits)) reason ??= 'output-limit'
    resolve({ reason, code, signal, peakBytes })
  })
  return promise
}

function isOverflowing({ folders }: WatchLimits): boolean {
  return folders.some(({ folder, maxBytes, maxEntries }) => {
    const { bytes, entries } = folderSize(folder, maxEntries)
    return bytes > maxBytes || entries > maxEntries
  })
}

function signalAll(
  child: ChildProcess,
  signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL',
  order: (tree: readonly number[]) => readonly number[],
): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  for (const pid of order(treeOf(child.pid)))
    try {
      process.kill(pid, signal)
    } catch {
      // It ended meanwhile.
    }
}

function feed(stream: unknown, bytes: Uint8Array): void {
  if (!(stream instanceof Writable)) return
  // A command that ends before it reads its filter closes the pipe; its exit says why.
  stream.on('error', () => {})
  stream.end(bytes)
}

function collect(stream: Readable | null): () => string {
  let kept = Buffer.alloc(0)
  stream?.on('data', (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk])
    if (kept.length > TAIL_BYTES) kept = kept.subarray(kept.length - TAIL_BYTES)
  })
  stream?.on('error', () => {})
  return () => kept.toString('utf8')
}
