import { fromUtf8 } from '@allod/protocol'
import { fail } from './errors.ts'

/** JSON as collateral and logs hold it. */
export type StrictJson =
  | null
  | boolean
  | number
  | string
  | readonly StrictJson[]
  | { readonly [name: string]: StrictJson }

const LINE_END = 0x0a

/**
 * Parses JSON that has one reading and one spelling: it must equal its own serialisation, one line end after it excepted, so
 * that duplicate keys, spaces, odd numbers and needless escapes are refused. Intel signs exactly that spelling, which is why
 * `JSON.stringify` of a member gives back the characters that were signed.
 * @throws tdx/bad-json
 */
export function parseStrictJson(bytes: Uint8Array, maxBytes: number): StrictJson {
  if (bytes.length > maxBytes) throw fail('bad-json', { expected: `at most ${maxBytes} bytes`, actual: bytes.length })
  let value: StrictJson
  let isExact: boolean
  try {
    const text = fromUtf8(bytes.at(-1) === LINE_END ? bytes.subarray(0, -1) : bytes)
    value = JSON.parse(text) as StrictJson
    // Half of a surrogate pair can be spelled, but is no text.
    isExact = JSON.stringify(value) === text && !/\\ud/i.test(text)
  } catch (cause) {
    // Also where serialising nests deeper than the stack.
    throw fail('bad-json', { expected: 'JSON', cause })
  }
  if (!isExact) throw fail('bad-json', { expected: 'JSON as it serialises' })
  return value
}
