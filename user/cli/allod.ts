#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// Half of the time until the first line is compiling. Kept in the clone: what lies in a shared folder, others could change.
enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/allod'))
const { main } = await import('./frame/main.ts')

const stop = new AbortController()
process.once('SIGINT', () => {
  stop.abort()
  // A second one ends at once whatever is still being tidied up.
  process.once('SIGINT', () => process.exit(130))
})
// A terminal that closes may say so more than once: by itself, its shell, and whoever started this.
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
// A reader that went away, like `head`, ends no command, nor does a terminal that was closed, whose signal is under way: what
// was paid for is still to be kept. What else takes no more, like a full disk, is a failure once the command is done.
let isLost = false
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  isLost ||= code !== 'EPIPE' && code !== 'EIO'
})
process.stderr.on('error', () => undefined)
const code = await main(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: stop.signal,
})
// A stream says after the write that it failed.
await new Promise(setImmediate)
// Sockets that are kept alive must not keep the program alive.
process.exit(code === 0 && isLost ? 1 : code)
