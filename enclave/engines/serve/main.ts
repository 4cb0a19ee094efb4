import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AllodError } from '@allod/protocol'
import { fail } from './errors.ts'
import { openInputs } from './openInputs.ts'
import { parseServeParameters } from './parameters.ts'
import { startServe } from './startServe.ts'

// node serve.mjs <inDir> <socketPath>: serves what lies in inDir until it is told to stop. It prints nothing but, last, why it ended.

async function main(inDir: string | undefined, socketPath: string | undefined): Promise<void> {
  if (!inDir || !socketPath) throw fail('bad-input', { expected: 'arguments <inDir> <socketPath>' })
  const parameters = parseServeParameters(readJob(inDir).parameters)
  const inputs = openInputs(inDir)
  try {
    const engine = await startServe(inputs, parameters, socketPath)
    const stop = (): void => {
      engine.stop().then(() => last({ ended: 'stopped' }, 0), failed)
    }
    process.once('SIGTERM', stop)
    process.once('SIGINT', stop)
  } finally {
    inputs.discard()
  }
}

function readJob(inDir: string): { readonly parameters: Record<string, unknown> } {
  try {
    return JSON.parse(readFileSync(join(inDir, 'job.json'), 'utf8')) as { parameters: Record<string, unknown> }
  } catch (cause) {
    throw fail('bad-input', { expected: 'job.json', cause })
  }
}

function failed(cause: unknown): void {
  const error = cause instanceof AllodError ? cause : fail('engine-failed', { cause })
  last({ ended: 'failed', error: error.toJSON() }, 1)
}

function last(line: object, code: number): void {
  process.stderr.write(`${JSON.stringify(line)}\n`, () => process.exit(code))
}

main(process.argv[2], process.argv[3]).catch(failed)
