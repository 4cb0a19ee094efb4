import { AllodError } from '@allod/protocol'

/**
 * Runs the enclave's program to its end. Of whatever ends it only a code gets out, one line on standard error: a message, its
 * details or a stack may quote what was opened, down to the name of a file.
 */
export async function endWithCode(program: () => Promise<void>): Promise<void> {
  process.on('uncaughtException', end)
  await program().catch(end)
}

// At once: what is still open must not keep keys in memory.
function end(error: unknown): never {
  process.stderr.write(`${error instanceof AllodError ? error.code : 'runtime/internal'}\n`)
  process.exit(1)
}
