import { AllodError, isAllodError } from '@allod/protocol'

/** Any failure as one of ours: what nobody foresaw is cli/internal. */
export function knownError(error: unknown): AllodError {
  if (isAllodError(error)) return error
  const message = error instanceof Error ? error.message : String(error)
  return new AllodError(
    'cli/internal',
    `this should not have happened: ${message}`,
    'please report it with what is below',
    { cause: error },
  )
}
