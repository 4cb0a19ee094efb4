import { type ChildProcess, spawn } from 'node:child_process'
import { fail } from './errors.ts'

/**
 * Runs one of our programs to its end. What it tells people goes where ours does; what it answers programs with is dropped.
 * @throws cli/devnet-failed with the exit code, cli/child-failed
 */
export function runProgram(path: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let child: ChildProcess
  try {
    child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'ignore', 2] })
  } catch (cause) {
    return Promise.reject(fail('child-failed', { cause, actual: path }))
  }
  const stop = (): void => void child.kill('SIGTERM')
  signal.addEventListener('abort', stop, { once: true })
  child.once('error', (cause) => reject(fail('child-failed', { cause, actual: path })))
  child.once('exit', (code, by) => {
    signal.removeEventListener('abort', stop)
    if (code === 0) resolve()
    else reject(fail('devnet-failed', { expected: 0, actual: code ?? by }))
  })
  return promise
}
