import { AllodError } from '@allod/protocol'

/**
 * Runs the enclave's program to its end. Of whatever ends it only a code gets out, one line on standard error: a message, its
 * details or a stack may quote what was opened, down to the name of a file.
 */
export async function endWithCode(program: () => Promise<void>): Promise<void> {
  process.on('uncaughtException', (error) => {
    say(error)
    process.exit(1)
  })
  try {
    await program()
  } catch (error) {
    say(error)
    process.exitCode = 1
  }
}

const say = (error: unknown): boolean =>
  process.stderr.write(`${error instanceof AllodError ? error.code : 'runtime/internal'}\n`)
