import { isAllodError } from '@allod/protocol'

/** `accepted`, or the code of the typed error; an untyped one is thrown on, since none may leave a verifier. */
export async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run()
    return 'accepted'
  } catch (error) {
    if (isAllodError(error)) return error.code
    throw error
  }
}
