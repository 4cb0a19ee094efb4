import { fail } from '../errors.ts'

type Schema = { readonly [name: string]: unknown }

/** Bounds on a schema, so that no request can make the grammar explode. */
const MAX_DEPTH = 16
const MAX_RULES = 512
const MAX_REPEAT = 1000

const KNOWN = new Set(
  (
    'type properties required additionalProperties items enum const anyOf oneOf $ref $defs definitions minItems maxItems minLength ' +
    'maxLength title description default examples $schema $id'
  ).split(' '),
)

const BASE: Readonly<Record<string, string>> = {
  // At most one blank: a grammar that lets white space repeat lets a model print it for ever.
  blank: '" "?',
  character: String.raw`[^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})`,
  string: '"\\"" character* "\\""',
  integer: '"-"? ("0" | [1-9] [0-9]{0,15})',
  number: 'integer ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})?',
  boolean: '"true" | "false"',
  null: '"null"',
  value: 'object | array | string | number | boolean | null',
  member: 'string ":" blank value',
  object: '"{" (member ("," blank member)*)? "}"',
  array: '"[" (value ("," blank value)*)? "]"',
}

/** The grammar of any JSON object, for `response_format: {type: "json_object"}`. */
export const jsonObjectGrammar = (): string => jsonSchemaToGbnf({ type: 'object' })

/**
 * A GBNF grammar whose every sentence is JSON that satisfies the schema. A keyword it cannot enforce is refused, not ignored.
 * Properties come in the order of the schema.
 * @throws serve/bad-schema naming the path
 */
export function jsonSchemaToGbnf(schema: unknown): string {
  const rules = new Map<string, string>()
  const references = new Map<string, string>()
  let next = 0

  const bad = (path: string, expected: string): never => {
    throw fail('bad-schema', { expected, meta: { path } })
  }
  const add = (rule: string): string => {
    if (rules.size >= MAX_RULES) bad('$', `at most ${MAX_RULES} rules`)
    const name = `r${next++}`
    rules.set(name, rule)
    return name
  }

  function rule(given: unknown, path: string, depth: number): string {
    if (depth > MAX_DEPTH) bad(path, `at most ${MAX_DEPTH} levels`)
    if (given === true) return 'value'
    if (!isObject(given)) return bad(path, 'a schema')
    for (const key of Object.keys(given)) if (!KNOWN.has(key)) bad(`${path}.${key.slice(0, 64)}`, 'a known keyword')
    if ('$ref' in given) return reference(given.$ref, path, depth)
    if ('const' in given) return add(literal(given.const))
    if ('enum' in given) return add(alternatives(given.enum, path, (v) => literal(v)))
    const union = given.anyOf ?? given.oneOf
    if (union !== undefined) return add(alternatives(union, path, (v, p) => rule(v, p, depth + 1)))
    const type = given.type ?? ('properties' in given ? 'object' : 'items' in given ? 'array' : undefined)
    if (Array.isArray(type)) return add(alternatives(type, path, (t, p) => rule({ ...given, type: t }, p, depth + 1)))
    return typed(type, given, path, depth)
  }

  function typed(type: unknown, given: Schema, path: string, depth: number): string {
    switch (type) {
      case undefined:
        return 'value'
      case 'object':
        return object(given, path, depth)
      case 'array': {
        const item = 'items' in given ? rule(given.items, `${path}.items`, depth + 1) : 'value'
        return add(sequence(item, bound(given, 'minItems', path) ?? 0, bound(given, 'maxItems', path)))
      }
      case 'string': {
        const min = bound(given, 'minLength', path)
        const max = bound(given, 'maxLength', path)
        return min === null && max === null ? 'string' : add(`"\\"" character{${min ?? 0},${max ?? ''}} "\\""`)
      }
      case 'number':
      case 'integer':
      case 'boolean':
      case 'null':
        return type
      default:
        return bad(`${path}.type`, 'object, array, string, number, integer, boolean or null')
    }
  }

  function object(given: Schema, path: string, depth: number): string {
    const extra = given.additionalProperties
    const properties = given.properties ?? {}
    if (!isObject(properties)) return bad(`${path}.properties`, 'a map of schemas')
    const names = Object.keys(properties)
    if (names.length > 0 && extra !== undefined && extra !== false)
      bad(`${path}.additionalProperties`, 'false beside properties')
    const required = given.required ?? []
    if (!Array.isArray(required) || required.some((r) => !names.includes(r)))
      return bad(`${path}.required`, 'names that are among properties')
    if (names.length === 0) {
      if (extra === false) return add('"{}"')
      if (extra === undefined || extra === true) return 'object'
      const member = add(`string ":" blank ${rule(extra, `${path}.additionalProperties`, depth + 1)}`)
      return add(`"{" (${member} ("," blank ${member})*)? "}"`)
    }
    const members = names.map((name) => ({
      rule: add(
        `${quote(JSON.stringify(name))} ":" blank ${rule(properties[name], `${path}.${name.slice(0, 64)}`, depth + 1)}`,
      ),
      isRequired: required.includes(name),
    }))
    return add(`"{" ${chain(members)} "}"`)
  }

  /** Members in order, the optional ones left out or not, with commas only between those present. */
  function chain(members: readonly { readonly rule: string; readonly isRequired: boolean }[]): string {
    // after[i]: what may follow once something was written; from[i]: what may follow while nothing was.
    let after = '""'
    let from = '""'
    for (const member of [...members].reverse()) {
      const tail = after
      const rest = from
      const withComma = `"," blank ${member.rule} ${tail}`
      after = add(member.isRequired ? withComma : `(${withComma}) | ${tail}`)
      const first = `${member.rule} ${tail}`
      from = add(member.isRequired ? first : `(${first}) | ${rest}`)
    }
    return from
  }

  function sequence(item: string, min: number, max: number | null): string {
    if (max !== null && max < min) bad('$', 'minItems of at most maxItems')
    if (max === 0) return '"[]"'
    const more = `("," blank ${item}){${Math.max(0, min - 1)},${max === null ? '' : max - 1}}`
    return min === 0 ? `"[" (${item} ${more})? "]"` : `"[" ${item} ${more} "]"`
  }

  function reference(target: unknown, path: string, depth: number): string {
    if (typeof target !== 'string' || !target.startsWith('#')) return bad(`${path}.$ref`, 'a local reference')
    const known = references.get(target)
    if (known !== undefined) return known
    let found: unknown = schema
    for (const step of target.slice(1).split('/').slice(1)) {
      const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
      found = isObject(found) && Object.hasOwn(found, key) ? found[key] : bad(`${path}.$ref`, 'a schema that exists')
    }
    // Named before it is built, so that a schema may contain itself.
    const name = `ref${references.size}`
    references.set(target, name)
    rules.set(name, rule(found, target, depth + 1))
    return name
  }

  const bound = (given: Schema, key: string, path: string): number | null => {
    const value = given[key]
    if (value === undefined) return null
    return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_REPEAT
      ? value
      : bad(`${path}.${key}`, `integer 0..${MAX_REPEAT}`)
  }

  function alternatives(all: unknown, path: string, each: (value: unknown, path: string) => string): string {
    if (!Array.isArray(all) || all.length === 0 || all.length > 256) return bad(path, '1 to 256 alternatives')
    return all.map((value, i) => each(value, `${path}[${i}]`)).join(' | ')
  }

  rules.set('root', rule(schema, '$', 0))
  return [...rules, ...Object.entries(BASE)].map(([name, body]) => `${name} ::= ${body}`).join('\n')
}

const literal = (value: unknown): string => quote(JSON.stringify(value))

/** A GBNF string; what is outside printable ASCII is escaped. */
function quote(text: string): string {
  let out = '"'
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    if (character === '"' || character === '\\') out += `\\${character}`
    else if (code >= 32 && code < 127) out += character
    else out += `\\U${code.toString(16).padStart(8, '0').toUpperCase()}`
  }
  return `${out}"`
}

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
