import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { errorsOf } from '@allod/protocol'
import { writeWhole } from '../files/writeWhole.ts'

const fail = errorsOf('devnet', {
  'process-failed': ['a process of the network did not come up', 'read its log; then npx allod down and npx allod up'],
})

/** A process of the network: its name, the program and its arguments. */
export type Program = { readonly name: string; readonly script: string; readonly args: readonly string[] }

/** What a program prints as its first line once it serves. */
export type Ready = { readonly ready: true } & { readonly [name: string]: unknown }

const READY_WITHIN_MS = 60_000

/** In a program's environment, the file that says which process it is: what finds it where that file was lost. */
const MARK = 'ALLOD_PROCESS'

// Two thirds of a program's start are compiling. Kept in the clone: what lies in a shared folder, others could change.
const COMPILE_CACHE = join(import.meta.dirname, '../../node_modules/.cache/allod')

/** Notes which process it is, as its starter does, and becomes the program: a starter may die before it could. */
const NOTED = [
  'printf \'{"pid":%s,"startedAt":"%s"}\' $$ "$(cut -d" " -f22 /proc/$$/stat)" > "$0.own"',
  'mv "$0.own" "$0"',
  'exec "$@"',
].join(' && ')

/**
 * Starts a program that outlives this process, and waits for its ready line. One that already runs is left alone, and its
 * ready line read, or waited for where whoever started it died before it was there.
 * @throws devnet/process-failed with the end of its log
 */
export async function startProgram(folder: string, program: Program): Promise<Ready> {
  const { name } = program
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const out = join(folder, `${name}.out`)
  let exitCode: number | null = null
  const child = isRunning(folder, name) ? null : launch(folder, program)
  child?.once('exit', (code) => {
    exitCode = code ?? 1
  })
  const isOver = (): boolean => (child === null ? !isRunning(folder, name) : exitCode !== null)
  const until = performance.now() + READY_WITHIN_MS
  while (performance.now() < until) {
    const ready = readyLine(out)
    if (ready) return ready
    if (isOver()) break
    await delay(25)
  }
  throw fail('process-failed', { actual: name, meta: { exitCode, log: tail(join(folder, `${name}.log`)) } })
}

function launch(folder: string, { name, script, args }: Program): ChildProcess {
  const [stdout, stderr] = ['out', 'log'].map((end) =>
    openSync(join(folder, `${name}.${end}`), end === 'out' ? 'w' : 'a', 0o600),
  ) as [number, number]
  const note = join(folder, `${name}.pid`)
  const child = spawn('/bin/sh', ['-c', NOTED, note, process.execPath, script, ...args], {
    detached: true,
    stdio: ['ignore', stdout, stderr],
    env: {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      NODE_NO_WARNINGS: '1',
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      [MARK]: resolve(note),
    },
  })
  closeSync(stdout)
  closeSync(stderr)
  child.unref()
  if (child.pid === undefined) throw fail('process-failed', { actual: name })
  writeWhole(note, JSON.stringify({ pid: child.pid, startedAt: startTime(child.pid) }))
  return child
}

/** Ends a program: SIGTERM, and SIGKILL where that is not heeded within ten seconds. */
export async function stopProgram(folder: string, name: string): Promise<void> {
  const pid = runningPid(folder, name)
  if (pid !== null) {
    process.kill(pid, 'SIGTERM')
    const until = performance.now() + 10_000
    while (isRunning(folder, name) && performance.now() < until) await delay(25)
    if (isRunning(folder, name)) process.kill(pid, 'SIGKILL')
  }
  rmSync(join(folder, `${name}.pid`), { force: true })
}

/** True while the program that was started under this name still runs. */
export const isRunning = (folder: string, name: string): boolean => runningPid(folder, name) !== null

/** The pid of a program that runs, or null. A pid that another program got since is not ours. */
export function runningPid(folder: string, name: string): number | null {
  const file = join(folder, `${name}.pid`)
  return notedPid(file) ?? markedPid(file)
}

function notedPid(file: string): number | null {
  if (!existsSync(file)) return null
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; startedAt: string | null }
    return startedAt !== null && startTime(pid) === startedAt ? pid : null
  } catch {
    // Cut short by a crash: it names no program.
    return null
  }
}

/** The process that was started with this file as its mark. What it started itself inherits the mark, and leads no session. */
function markedPid(file: string): number | null {
  const mark = `${MARK}=${resolve(file)}`
  const isMarked = (pid: number): boolean => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark) && statOf(pid)[3] === `${pid}`
    } catch {
      // Gone since, or another user's.
      return false
    }
  }
  return (
    readdirSync('/proc')
      .map(Number)
      .find((pid) => pid > 0 && isMarked(pid)) ?? null
  )
}

// Field 22 of /proc/PID/stat, after the command name in parentheses; null for a process that is gone, or a zombie whose last
// thread is: until then it may still hold its ports.
function startTime(pid: number): string | null {
  try {
    const fields = statOf(pid)
    const isOver = fields[0] === 'Z' && readdirSync(`/proc/${pid}/task`).length === 1
    return isOver ? null : (fields[19] ?? null)
  } catch {
    return null
  }
}

// The fields of /proc/PID/stat after the name of the command: its state, its parent, its group, its session and so on.
function statOf(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function readyLine(file: string): Ready | null {
  if (!existsSync(file)) return null
  const [line, rest] = readFileSync(file, 'utf8').split('\n', 2)
  if (line === undefined || rest === undefined) return null
  try {
    const value = JSON.parse(line) as { ready?: unknown }
    return value.ready === true ? (value as Ready) : null
  } catch {
    return null
  }
}

function tail(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').slice(-2000) : ''
}
