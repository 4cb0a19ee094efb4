import { type AllodError, fromUtf8 } from '@allod/protocol'

/** JSON as tokens and key sets hold it. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue }

export type JsonObject = { readonly [name: string]: JsonValue }

/** Makes the caller's own refusal. */
export type Refuse = (expected: string, cause?: unknown) => AllodError

const MAX_DEPTH = 16

/**
 * Parses JSON that has one reading: UTF-8, no name twice in an object, integers, well-formed text, 16 deep. White space and
 * the order of names are free: tokens are signed as text within it.
 * @throws what `refuse` makes
 */
export function parseJson(bytes: Uint8Array, maxBytes: number, refuse: Refuse): JsonValue {
  if (bytes.length > maxBytes) throw refuse(`<= ${maxBytes} bytes`)
  let text: string
  let value: JsonValue
  try {
    text = fromUtf8(bytes)
    value = JSON.parse(text) as JsonValue
  } catch (cause) {
    throw refuse('JSON', cause)
  }
  // A name written twice is in the text, and lost among the values.
  if (namesWithin(value, 0, refuse) !== namesWritten(text)) throw refuse('each name once')
  return value
}

/** True for an object, as opposed to a list or a scalar. */
export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function namesWithin(value: JsonValue, depth: number, refuse: Refuse): number {
  if (depth > MAX_DEPTH) throw refuse(`<= ${MAX_DEPTH} levels`)
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw refuse('integers')
  if (typeof value === 'string' && !value.isWellFormed()) throw refuse('well-formed text')
  if (typeof value !== 'object' || value === null) return 0
  const own = isObject(value) ? Object.keys(value).length : 0
  return Object.values(value).reduce<number>((sum, inner) => sum + namesWithin(inner, depth + 1, refuse), own)
}

// In text that is JSON, a name is a string with a colon behind it.
function namesWritten(text: string): number {
  let count = 0
  for (const [, colon] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"\s*(:?)/g)) if (colon === ':') count++
  return count
}
