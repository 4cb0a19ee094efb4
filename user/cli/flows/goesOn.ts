import { AllodError, type Hex, isAllodError } from '@allod/protocol'
import { fail } from '../frame/errors.ts'

/** What stopped a command after its order was paid, and how to go on without paying again. */
export type Stopped = {
  readonly order: Hex
  readonly signal: AbortSignal
  /** The command that goes on; `order watch` unless told. */
  readonly command?: string | undefined
}

/**
 * The error of whoever stopped while a paid order goes on: the same code, the order's id, and a hint that leads back to it, as
 * the command given again would pay again.
 */
export function goesOn(error: unknown, { order, signal, command }: Stopped): unknown {
  const short = order.slice(0, 12)
  const back = command ?? `npx allod order watch ${short}`
  const hint = `order ${short} is placed and goes on, and ordering again would pay again; go on with \`${back}\``
  if (signal.aborted) return fail('interrupted', { cause: error, hint, meta: { order } })
  if (!isAllodError(error)) return error
  const words = error.code === 'sdk/follow-timeout' ? hint : `${error.hint}; ${hint}`
  return new AllodError(error.code, error.message, words, { cause: error, meta: { ...error.meta, order } })
}
