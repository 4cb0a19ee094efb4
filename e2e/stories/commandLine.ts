import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A command line in a process of its own, and what it printed as JSON once it ended; `code` null where it was killed. */
export type CommandLine = {
  readonly kill: () => void
  readonly ended: Promise<Ended>
}
export type Ended = { readonly code: number | null; readonly lines: readonly unknown[]; readonly last: unknown }

/** @param network path of the network's description, beside which everything is kept */
export function commandLine(network: string, as: string, argv: readonly string[]): CommandLine {
  const child = spawn(process.execPath, ['user/cli/allod.ts', ...argv, '--as', as, '--json'], {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...process.env, ALLOD_HOME: `${network}.home`, ALLOD_NETWORK: network },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let said = ''
  child.stdout.on('data', (piece: Buffer) => {
    said += String(piece)
  })
  const ended = once(child, 'close').then(([code]) => {
    // Killed, it may have stopped in the middle of a line.
    const whole = said.slice(0, said.lastIndexOf('\n') + 1).trim()
    const lines = whole === '' ? [] : whole.split('\n').map((line) => JSON.parse(line) as unknown)
    return { code: code as number | null, lines, last: lines.at(-1) ?? null }
  })
  return { kill: () => child.kill('SIGKILL'), ended }
}
