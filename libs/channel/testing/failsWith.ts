import { isAllodError } from '@allod/protocol'
import { expect } from 'vitest'

/** Expects a promise to be refused with exactly this code. */
export async function failsWith(code: string, work: Promise<unknown> | (() => unknown)): Promise<void> {
  const error = await Promise.resolve(typeof work === 'function' ? Promise.try(work) : work).then(
    () => 'nothing',
    (cause: unknown) => cause,
  )
  expect(isAllodError(error) ? error.code : error).toBe(code)
}
