import { fail } from '../errors.ts'

type Schema = { readonly [name: string]: unknown }

/** Bounds on a schema, so that no request can make the grammar explode. */
const MAX_DEPTH = 16
const MAX_RULES = 512
const MAX_LITERALS = 256
/** Each alternative is followed through every token of the answer. */
const MAX_ALTERNATIVES = 32
const MAX_REPEAT = 1000
/** Repetitions over the whole schema: llama.cpp unrolls each. */
const MAX_REPEATS = 4000

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
  const grammar: Grammar = { schema, rules: new Map(), references: new Map(), repeats: 0 }
  grammar.rules.set('root', ruleOf(grammar, schema, { path: '$', depth: 0 }))
  return [...grammar.rules, ...Object.entries(BASE)].map(([name, body]) => `${name} ::= ${body}`).join('\n')
}

type Grammar = {
  readonly schema: unknown
  readonly rules: Map<string, string>
  /** `$ref` → the name of its rule. */
  readonly references: Map<string, string>
  repeats: number
}

/** Where in the schema we are. */
type Place = { readonly path: string; readonly depth: number }

const inside = ({ path, depth }: Place, step: string): Place => ({
  path: `${path}${step.slice(0, 64)}`,
  depth: depth + 1,
})

function bad(place: Place, expected: string): never {
  throw fail('bad-schema', { expected, meta: { path: place.path.slice(0, 200) } })
}

function add(grammar: Grammar, place: Place, rule: string): string {
  if (grammar.rules.size >= MAX_RULES) bad(place, `at most ${MAX_RULES} rules`)
  const name = `r${grammar.rules.size}`
  grammar.rules.set(name, rule)
  return name
}

/** The name of a rule for a schema. */
function ruleOf(grammar: Grammar, given: unknown, place: Place): string {
  if (place.depth > MAX_DEPTH) bad(place, `at most ${MAX_DEPTH} levels`)
  if (given === true) return 'value'
  if (!isObject(given)) return bad(place, 'a schema')
  for (const key of Object.keys(given)) if (!KNOWN.has(key)) bad(inside(place, `.${key}`), 'a known keyword')
  if ('$ref' in given) return reference(grammar, given.$ref, inside(place, '.$ref'))
  if ('const' in given) return add(grammar, place, literal(given.const))
  if ('enum' in given)
    return add(grammar, place, alternatives(given.enum, inside(place, '.enum'), literal, MAX_LITERALS))
  const union = given.anyOf ?? given.oneOf
  if (union !== undefined) {
    const each = (option: unknown, at: Place): string => ruleOf(grammar, option, at)
    return add(grammar, place, alternatives(union, inside(place, '.anyOf'), each))
  }
  const type = given.type ?? ('properties' in given ? 'object' : 'items' in given ? 'array' : undefined)
  if (!Array.isArray(type)) return typed(grammar, type, given, place)
  const each = (one: unknown, at: Place): string => ruleOf(grammar, { ...given, type: one }, at)
  return add(grammar, place, alternatives(type, inside(place, '.type'), each))
}

function typed(grammar: Grammar, type: unknown, given: Schema, place: Place): string {
  switch (type) {
    case undefined:
      return 'value'
    case 'object':
      return object(grammar, given, place)
    case 'array':
      return array(grammar, given, place)
    case 'string': {
      const min = bound(grammar, given, 'minLength', place)
      const max = bound(grammar, given, 'maxLength', place)
      if (min === null && max === null) return 'string'
      return add(grammar, place, `"\\"" character{${min ?? 0},${max ?? ''}} "\\""`)
    }
    case 'number':
    case 'integer':
    case 'boolean':
    case 'null':
      return type
    default:
      return bad(inside(place, '.type'), 'object, array, string, number, integer, boolean or null')
  }
}

function array(grammar: Grammar, given: Schema, place: Place): string {
  const item = 'items' in given ? ruleOf(grammar, given.items, inside(place, '.items')) : 'value'
  const min = bound(grammar, given, 'minItems', place) ?? 0
  const max = bound(grammar, given, 'maxItems', place)
  if (max !== null && max < min) bad(inside(place, '.maxItems'), 'at least minItems')
  if (max === 0) return add(grammar, place, '"[]"')
  const more = `("," blank ${item}){${Math.max(0, min - 1)},${max === null ? '' : max - 1}}`
  return add(grammar, place, min === 0 ? `"[" (${item} ${more})? "]"` : `"[" ${item} ${more} "]"`)
}

function object(grammar: Grammar, given: Schema, place: Place): string {
  const { properties = {}, required = [], additionalProperties: extra } = given
  if (!isObject(properties)) return bad(inside(place, '.properties'), 'a map of schemas')
  const names = Object.keys(properties)
  if (names.length > 0 && extra !== undefined && extra !== false)
    bad(inside(place, '.additionalProperties'), 'false beside properties')
  if (!Array.isArray(required) || required.some((name) => !names.includes(name)))
    return bad(inside(place, '.required'), 'names that are among properties')
  if (names.length === 0) return map(grammar, extra, place)
  const members = names.map((name) => {
    const value = ruleOf(grammar, properties[name], inside(place, `.${name}`))
    const rule = add(grammar, place, `${literal(name)} ":" blank ${value}`)
    return { rule, isRequired: required.includes(name) }
  })
  return add(grammar, place, `"{" ${chain(grammar, members, place)} "}"`)
}

/** An object without named properties. */
function map(grammar: Grammar, values: unknown, place: Place): string {
  if (values === false) return add(grammar, place, '"{}"')
  if (values === undefined || values === true) return 'object'
  const value = ruleOf(grammar, values, inside(place, '.additionalProperties'))
  const member = add(grammar, place, `string ":" blank ${value}`)
  return add(grammar, place, `"{" (${member} ("," blank ${member})*)? "}"`)
}

type Member = { readonly rule: string; readonly isRequired: boolean }

/** Members in order, the optional ones there or not, with commas only between those present. */
function chain(grammar: Grammar, members: readonly Member[], place: Place): string {
  // What may follow once something was written, and while nothing was.
  let after = '""'
  let first = '""'
  for (const { rule, isRequired } of members.toReversed()) {
    const here = `${rule} ${after}`
    const withComma = `"," blank ${here}`
    first = add(grammar, place, isRequired ? here : `(${here}) | ${first}`)
    after = add(grammar, place, isRequired ? withComma : `(${withComma}) | ${after}`)
  }
  return first
}

function reference(grammar: Grammar, target: unknown, place: Place): string {
  if (typeof target !== 'string' || !target.startsWith('#')) return bad(place, 'a local reference')
  const known = grammar.references.get(target)
  if (known !== undefined) return known
  let found = grammar.schema
  for (const step of target.slice(1).split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    found = isObject(found) && Object.hasOwn(found, key) ? found[key] : bad(place, 'a schema that exists')
  }
  // Named before it is built, so that a schema may contain itself.
  const name = `ref${grammar.references.size}`
  grammar.references.set(target, name)
  grammar.rules.set(name, '""')
  grammar.rules.set(name, ruleOf(grammar, found, { path: target, depth: place.depth + 1 }))
  return name
}

function bound(grammar: Grammar, given: Schema, key: string, place: Place): number | null {
  const value = given[key]
  if (value === undefined) return null
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > MAX_REPEAT)
    return bad(inside(place, `.${key}`), `integer 0..${MAX_REPEAT}`)
  grammar.repeats += value
  if (grammar.repeats > MAX_REPEATS) bad(inside(place, `.${key}`), `bounds of at most ${MAX_REPEATS} together`)
  return value
}

function alternatives(
  all: unknown,
  place: Place,
  each: (value: unknown, place: Place) => string,
  max = MAX_ALTERNATIVES,
): string {
  if (!Array.isArray(all) || all.length === 0 || all.length > max) return bad(place, `1 to ${max} alternatives`)
  return all.map((value, i) => each(value, inside(place, `[${i}]`))).join(' | ')
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
