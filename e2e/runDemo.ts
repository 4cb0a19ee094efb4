import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** Far longer than a demo takes, on the slowest machine that is supported. */
const WITHIN_MS = 900_000
/** What it may take to take its network down after that. */
const GRACE_MS = 120_000

/**
 * Runs the demo in a process of its own, with what it says passed on; one that hangs is told to end, and then killed.
 * @param options.onSaid told each piece of what it says, with a way to signal it
 */
export async function runDemo(
  args: readonly string[],
  { onSaid = () => {} }: { readonly onSaid?: (text: string, signal: (name: NodeJS.Signals) => void) => void } = {},
): Promise<{ readonly code: number | null; readonly stdout: string }> {
  const child = spawn(process.execPath, ['e2e/demo/main.ts', ...args], {
    cwd: join(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
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
    return { code, stdout }
  } finally {
    for (const timer of timers) clearTimeout(timer)
  }
}
