import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Job, parseJob, parseServeParameters } from '@allod/models'
import { isAllodError } from '@allod/protocol'
import { fail } from './errors.ts'
import { openInputs } from './openInputs.ts'
import { startServe } from './startServe.ts'

// node serve.mjs <inDir> <socketPath>: serves what lies in inDir until it is told to stop. It prints nothing but, last, why it ended.
// Where there is no sandbox to give it a view of its own, `--root <folder>` says where the contract's paths begin.

async function main(words: readonly string[]): Promise<void> {
  const [inPath, socketPath, option, root = '/'] = words
  if (!inPath || !socketPath || (option !== undefined && option !== '--root'))
    throw fail('bad-input', { expected: 'arguments <inDir> <socketPath>' })
  const place = (path: string): string => (option === undefined ? path : join(root, path))
  let engine: { stop(): Promise<void> } | null = null
  const stop = (): void => {
    const stopped = engine === null ? Promise.resolve() : engine.stop()
    stopped.then(() => last('told', 0), failed)
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  const parameters = parseServeParameters(readJob(place(inPath)).parameters)
  const inputs = openInputs(place(inPath), parameters.weights)
  try {
    engine = await startServe(inputs, parameters, place(socketPath))
  } finally {
    inputs.discard()
  }
}

function readJob(inDir: string): Job {
  const path = join(inDir, 'job.json')
  const job = existsSync(path) ? parseJob(readFileSync(path)) : null
  if (job?.kind !== 'serve') throw fail('bad-input', { expected: 'job.json of a serve job', actual: job?.kind ?? null })
  return job
}

function failed(cause: unknown): void {
  const known = isAllodError(cause)
  const error = known ? cause : fail('engine-failed', { cause })
  process.stderr.write(`${JSON.stringify(error)}\n`)
  // Bad input is 2, so that the runtime can tell it from a crash.
  last(error.code, known ? 2 : 1)
}

function last(stopped: string, code: number): void {
  process.stdout.write(`${JSON.stringify({ stopped })}\n`, () => process.exit(code))
}

main(process.argv.slice(2)).catch(failed)
