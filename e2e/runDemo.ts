import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** Far longer than a demo takes, on the slowest machine that is supported. */
const WITHIN_MS = 900_000
/** What it may take to take its network down after that. */
const GRACE_MS = 120_000

type RunOptions = {
  /** Told each piece of what it says, with a way to signal it. */
  readonly onSaid?: (text: string, signal: (name: NodeJS.Signals) => void) => void
  /** Where it is run: in the clone, unless told. */
  readonly cwd?: string
  /** What it is started by. */
  readonly by?: readonly string[]
}

/** Runs the demo in a process of its own, with what it says passed on; one that hangs is told to end, and then killed. */
export async function runDemo(
  args: readonly string[],
  { onSaid = () => {}, cwd = join(import.meta.dirname, '..'), by = [] }: RunOptions = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly said: string }> {
  const program = join(import.meta.dirname, 'demo/main.ts')
  const [command, ...given] = [...by, process.execPath, program, ...args] as [string, ...string[]]
  const child = spawn(command, given, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const timers = [
    setTimeout(() => child.kill('SIGTERM'), WITHIN_MS),
    setTimeout(() => child.kill('SIGKILL'), WITHIN_MS + GRACE_MS),
  ]
  let [stdout, said] = ['', '']
  child.stdout.on('data', (piece: Buffer) => {
    stdout += String(piece)
  })
  child.stderr.on('data', (piece: Buffer) => {
    process.stderr.write(piece)
    said += String(piece)
    onSaid(said, (name) => child.kill(name))
  })
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, stdout, said }
  } finally {
    for (const timer of timers) clearTimeout(timer)
  }
}
