import { type AllodError, isAllodError } from '@allod/protocol'
import { parseStrictJson, type StrictJson } from '../../tdx/strictJson.ts'

export type JsonObject = { readonly [name: string]: StrictJson }

/**
 * Parses JSON that has one reading; its refusal becomes the caller's.
 * @throws what `refuse` makes
 */
export function parseJson(bytes: Uint8Array, maxBytes: number, refuse: Refuse): StrictJson {
  try {
    return parseStrictJson(bytes, maxBytes).value
  } catch (cause) {
    if (!isAllodError(cause)) throw cause
    throw refuse('JSON with one reading', cause)
  }
}

export type Refuse = (expected: string, cause?: unknown) => AllodError

/** True for an object, as opposed to a list or a scalar. */
export const isObject = (value: StrictJson | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
