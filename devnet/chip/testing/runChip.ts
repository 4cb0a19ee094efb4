import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ChipInfo } from '@allod/environments'

/** Who runs the chip in a test: whoever runs the tests, or an ordinary user where that is root. */
export type User = { readonly title: string; readonly uid: number | null }

const NOBODY = 65_534
const main = join(import.meta.dirname, '../main.ts')
const stepDown = (uid: number) => ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'] as const

const isRoot = process.getuid?.() === 0
const canNobodyRead = (): boolean => {
  const [program, ...args] = stepDown(NOBODY)
  const isReadable = spawnSync(program, [...args, 'test', '-r', main]).status === 0
  if (!isReadable)
    process.stderr.write('NOT TRIED: the chip as an ordinary user, because only root may read this clone\n')
  return isReadable
}

export const users: readonly User[] = [
  { title: isRoot ? 'as root' : 'as an ordinary user', uid: null },
  ...(isRoot && canNobodyRead() ? [{ title: 'as an ordinary user', uid: NOBODY }] : []),
]

/** A data folder that the user owns. */
export function newDataDir({ uid }: User): string {
  const dir = mkdtempSync(join(tmpdir(), 'allod-data-'))
  if (uid !== null) chownSync(dir, uid, uid)
  return dir
}

export type ChipProcess = { readonly child: ChildProcess; readonly info: ChipInfo; readonly socket: string }

/** Removes a data folder, and what a chip that was killed left elsewhere. */
export function removeDataDir(dataDir: string): void {
  const note = join(dataDir, 'scratch.txt')
  if (existsSync(note)) rmSync(readFileSync(note, 'utf8'), { recursive: true, force: true })
  rmSync(dataDir, { recursive: true, force: true })
}

/** Starts the chip's program, with an environment that would be a nuisance inside. */
export async function runChip({ uid }: User, dataDir: string): Promise<ChipProcess> {
  const socket = join(dataDir, 'chip.sock')
  const [program = '', ...args] = [
    ...(uid === null ? [] : stepDown(uid)),
    process.execPath,
    main,
    '--data',
    dataDir,
    '--socket',
    socket,
  ]
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      NODE_OPTIONS: '--title=from-the-host',
      LD_PRELOAD: '/nonexistent/preload.so',
      ALLOD_SECRET: 'of-the-host',
    },
  })
  let errors = ''
  child.stderr?.on('data', (chunk) => {
    errors += chunk
  })
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const { ready, ...info } = JSON.parse(line)
    if (ready === true) return { child, info, socket }
  }
  throw new Error(`the chip did not start: ${errors}`)
}

/** Ends the chip as `allod down` does, or as an accident does. */
export async function endChip({ child }: ChipProcess, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const { promise, resolve } = Promise.withResolvers<void>()
  child.once('close', () => resolve())
  child.kill(signal)
  await promise
}
