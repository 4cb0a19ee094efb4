import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Io } from './Context.ts'
import { fail } from './errors.ts'
import type { Output } from './Output.ts'

/** Asks for something that must not be seen. @throws cli/no-password where nobody can be asked */
export async function askSecret(question: string, { stdin, stderr, signal }: Io): Promise<string> {
  if (stdin.isTTY !== true || stderr.isTTY !== true) throw fail('no-password')
  stderr.write(`${question}: `)
  // What is typed goes nowhere; the terminal is in raw mode, so it does not echo either.
  const nowhere = new Writable({ write: (_, __, done) => done() })
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true })
  try {
    return await answerOf(lines, signal)
  } finally {
    lines.close()
    stderr.write('\n')
  }
}

/**
 * Asks before something is paid or given away.
 * @throws cli/not-confirmed unless answered with yes, or where nobody can be asked
 */
export async function confirm(
  question: string,
  { io, out, isYes }: { readonly io: Io; readonly out: Output; readonly isYes: boolean },
): Promise<void> {
  if (isYes) return
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true || out.isJson) throw fail('not-confirmed')
  const lines = createInterface({ input: io.stdin, output: io.stderr })
  try {
    io.stderr.write(`${question} [y/N] `)
    const answer = await answerOf(lines, io.signal)
    if (!/^y(es)?$/i.test(answer.trim())) throw fail('not-confirmed')
  } finally {
    lines.close()
  }
}

function answerOf(lines: ReturnType<typeof createInterface>, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  lines.once('line', resolve)
  lines.once('close', () => reject(fail('interrupted')))
  lines.once('SIGINT', () => reject(fail('interrupted')))
  signal.addEventListener('abort', () => reject(fail('interrupted')), { once: true })
  return promise
}
