import { isAllodError } from '@allod/protocol'
import { expect } from 'vitest'

/** Expects a promise to be refused with exactly this code. */
export async function failsWith(code: string, work: Promise<unknown>): Promise<void> {
  const error = await work.then(
    () => 'nothing',
    (cause: unknown) => cause,
  )
  expect(isAllodError(error) ? error.code : error).toBe(code)
}
