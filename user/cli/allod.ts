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
process.once('SIGTERM', () => stop.abort())
// A reader that went away, like `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
process.exitCode = await main(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: stop.signal,
})
// Sockets that are kept alive must not keep the program alive.
process.exit()
