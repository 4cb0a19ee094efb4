import { fromUtf8 } from '@allod/protocol'
import { fail } from './errors.ts'

/** JSON as collateral and logs hold it: integers only. Objects have no prototype. */
export type StrictJson =
  | null
  | boolean
  | number
  | string
  | readonly StrictJson[]
  | { readonly [name: string]: StrictJson }

/** A document, and the text of each member of its outermost object, exactly as it stood: what signatures are over. */
export type StrictDocument = { readonly value: StrictJson; readonly raw: ReadonlyMap<string, string> }

const MAX_DEPTH = 16
const NUMBER = /-?(?:0|[1-9][0-9]*)/y
const SPACE = /[ \t\n\r]*/y
const LITERAL = /true|false|null/y
const LITERALS: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null }

/**
 * Parses JSON that has one reading only: UTF-8, no duplicate keys, no fractions, 16 deep, at most `maxBytes`.
 * @throws tdx/bad-json
 */
export function parseStrictJson(bytes: Uint8Array, maxBytes: number): StrictDocument {
  if (bytes.length > maxBytes) throw fail('bad-json', { expected: `at most ${maxBytes} bytes`, actual: bytes.length })
  const source = { text: decode(bytes), at: 0 }
  const raw = new Map<string, string>()
  const value = parseValue(source, 0, raw)
  skipSpace(source)
  if (source.at !== source.text.length) throw bad(source, 'the end')
  return { value, raw }
}

type Source = { readonly text: string; at: number }

function parseValue(source: Source, depth: number, raw?: Map<string, string>): StrictJson {
  if (depth > MAX_DEPTH) throw bad(source, `at most ${MAX_DEPTH} levels`)
  skipSpace(source)
  switch (source.text[source.at]) {
    case '{':
      return parseObject(source, depth, raw)
    case '[':
      return parseArray(source, depth)
    case '"':
      return parseText(source)
    default:
      return parseScalar(source)
  }
}

function parseObject(source: Source, depth: number, raw?: Map<string, string>): StrictJson {
  const out: Record<string, StrictJson> = Object.create(null)
  source.at++
  if (accept(source, '}')) return out
  do {
    skipSpace(source)
    const name = parseText(source)
    if (Object.hasOwn(out, name)) throw bad(source, 'each key once')
    if (!accept(source, ':')) throw bad(source, 'a colon')
    skipSpace(source)
    const from = source.at
    out[name] = parseValue(source, depth + 1)
    raw?.set(name, source.text.slice(from, source.at))
  } while (accept(source, ','))
  if (!accept(source, '}')) throw bad(source, 'a comma or the end of the object')
  return out
}

function parseArray(source: Source, depth: number): StrictJson {
  const out: StrictJson[] = []
  source.at++
  if (accept(source, ']')) return out
  do out.push(parseValue(source, depth + 1))
  while (accept(source, ','))
  if (!accept(source, ']')) throw bad(source, 'a comma or the end of the list')
  return out
}

// By hand: a regular expression's stack would grow with the text.
function parseText(source: Source): string {
  const { text, at: from } = source
  if (text[from] !== '"') throw bad(source, 'text')
  let at = from + 1
  let isPlain = true
  for (; at < text.length && text[at] !== '"'; at++) {
    if (text.charCodeAt(at) < 0x20) throw bad(source, 'no control characters')
    if (text[at] !== '\\') continue
    isPlain = false
    at++
  }
  if (at >= text.length) throw bad(source, 'the end of a text')
  source.at = at + 1
  const value = isPlain ? text.slice(from + 1, at) : readEscapes(source, text.slice(from, at + 1))
  if (!value.isWellFormed()) throw bad(source, 'well-formed text')
  return value
}

function readEscapes(source: Source, token: string): string {
  try {
    return JSON.parse(token) as string
  } catch {
    throw bad(source, 'known escapes')
  }
}

function parseScalar(source: Source): StrictJson {
  const literal = match(source, LITERAL)
  if (literal !== null) return LITERALS[literal] as boolean | null
  const token = match(source, NUMBER)
  const number = Number(token)
  const next = source.text[source.at]
  if (token === null || token === '-0' || !Number.isSafeInteger(number) || next === '.' || next === 'e' || next === 'E')
    throw bad(source, 'a value, numbers as integers')
  return number
}

function accept(source: Source, character: string): boolean {
  skipSpace(source)
  if (source.text[source.at] !== character) return false
  source.at++
  return true
}

const skipSpace = (source: Source): void => {
  match(source, SPACE)
}

function match(source: Source, pattern: RegExp): string | null {
  pattern.lastIndex = source.at
  const found = pattern.exec(source.text)
  if (found === null) return null
  source.at = pattern.lastIndex
  return found[0]
}

function decode(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch (cause) {
    throw fail('bad-json', { expected: 'UTF-8', cause })
  }
}

const bad = (source: Source, expected: string) => fail('bad-json', { expected, meta: { at: source.at } })
