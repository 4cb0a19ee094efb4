import { AllodError } from '@allod/protocol'

/**
 * Runs a keeper to its end. Of whatever ends it only a code gets out, one line on standard error: a message, its
 * details or a stack may quote what it was asked with, or a key.
 */
export async function endWithCode(program: () => Promise<void>): Promise<void> {
  process.on('uncaughtException', end)
  await program().catch(end)
}

// At once: a keeper that cannot go on must not look as if it could.
function end(error: unknown): never {
  process.stderr.write(`${error instanceof AllodError ? error.code : 'keeper/internal'}\n`)
  process.exit(1)
}
