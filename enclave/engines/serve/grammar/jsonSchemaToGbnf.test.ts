import { isAllodError } from '@allod/protocol'
import { expect, test } from 'vitest'
import { loadAddon } from '../llama/addon.ts'
import { jsonObjectGrammar, jsonSchemaToGbnf } from './jsonSchemaToGbnf.ts'

const addon = await loadAddon()

function accepts(grammar: string): (text: string) => boolean {
  const native = new addon.AddonGrammar(grammar, { addonExports: addon, rootRuleName: 'root' })
  return (text) => native.isTextCompatible(text)
}

const person = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    age: { type: 'integer' },
    tags: { type: 'array', items: { enum: ['a', 'grün'] } },
  },
  required: ['name', 'tags'],
  additionalProperties: false,
}

test.each([
  ['{"name": "Ann", "age": 3, "tags": ["a", "grün"]}', true],
  ['{"name":"Ann","tags":[]}', true],
  ['{"name": "A\\n\\u00e9\\"", "tags": []}', true],
  ['{"age": 3, "tags": []}', false],
  ['{"name": "Ann", "tags": ["b"]}', false],
  ['{"name": "Ann", "tags": [], "more": 1}', false],
  ['{"name": "Ann", "age": 3.5, "tags": []}', false],
  ['{"name": "An\nn", "tags": []}', false],
  ['{"name": "Ann", "tags": []} and so on', false],
  ['{"name": "Ann", "tags": []', false],
])('an object with required and optional members: %s is %s', (text, expected) => {
  expect(accepts(jsonSchemaToGbnf(person))(text)).toBe(expected)
})

test('every choice of optional members has its commas right', () => {
  const grammar = accepts(
    jsonSchemaToGbnf({ properties: { a: { const: 1 }, b: { const: 2 }, c: { const: 3 } }, required: ['b'] }),
  )
  const sets = ['{"a":1,"b":2,"c":3}', '{"b":2}', '{"a":1,"b":2}', '{"b":2,"c":3}']
  expect(sets.map(grammar)).toEqual([true, true, true, true])
  expect(['{}', '{"a":1}', '{"a":1,"c":3}', '{,"b":2}', '{"b":2,}', '{"c":3,"b":2}'].some(grammar)).toBe(false)
})

test('an object without required members may be empty', () => {
  const grammar = accepts(jsonSchemaToGbnf({ properties: { a: { type: 'null' }, b: { type: 'boolean' } } }))
  expect(['{}', '{"a":null}', '{"b":true}', '{"a":null,"b":false}'].every(grammar)).toBe(true)
})

test('bounds of strings and lists are kept', () => {
  const text = accepts(jsonSchemaToGbnf({ type: 'string', minLength: 2, maxLength: 3 }))
  expect(['"a"', '"ab"', '"abc"', '"abcd"'].map(text)).toEqual([false, true, true, false])
  const items = accepts(jsonSchemaToGbnf({ type: 'array', items: { type: 'boolean' }, minItems: 1, maxItems: 2 }))
  expect(['[]', '[true]', '[true, false]', '[true,true,true]'].map(items)).toEqual([false, true, true, false])
  const none = accepts(jsonSchemaToGbnf({ type: 'array', maxItems: 0 }))
  expect(['[]', '[1]'].map(none)).toEqual([true, false])
})

test('unions, lists of types, constants and maps', () => {
  const union = accepts(jsonSchemaToGbnf({ anyOf: [{ const: { a: [1, '"'] } }, { type: ['integer', 'null'] }] }))
  expect(['{"a":[1,"\\""]}', '12', '-0', 'null', 'true'].map(union)).toEqual([true, true, true, true, false])
  const map = accepts(jsonSchemaToGbnf({ type: 'object', additionalProperties: { type: 'integer' } }))
  expect(['{}', '{"x": 1, "y": 2}', '{"x": "1"}'].map(map)).toEqual([true, true, false])
})

test('a schema may contain itself', () => {
  const tree = accepts(
    jsonSchemaToGbnf({
      $ref: '#/$defs/node',
      $defs: {
        node: {
          type: 'object',
          properties: { value: { type: 'integer' }, next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
          required: ['value', 'next'],
        },
      },
    }),
  )
  expect(tree('{"value":1,"next":{"value":2,"next":null}}')).toBe(true)
  expect(tree('{"value":1,"next":{"value":2}}')).toBe(false)
})

test('any JSON object', () => {
  const any = accepts(jsonObjectGrammar())
  expect(any('{"a": [1.5e-3, {"b": null}], "ü": "é\\u0000"}')).toBe(true)
  expect(['[]', '"a"', '{"a": 01}', '{"a"}'].some(any)).toBe(false)
})

test.each([
  ['an unknown keyword', { type: 'string', pattern: '^a' }],
  ['an unknown type', { type: 'date' }],
  ['a reference that leads nowhere', { $ref: '#/$defs/none' }],
  ['a remote reference', { $ref: 'https://example.org/schema' }],
  ['a required name that no property has', { properties: { a: {} }, required: ['b'] }],
  ['open properties beside named ones', { properties: { a: {} }, additionalProperties: true }],
  ['a bound that is too large', { type: 'string', maxLength: 100_000 }],
  ['bounds that are too large together', { anyOf: Array(5).fill({ type: 'string', maxLength: 1000 }) }],
  ['bounds that exclude each other', { type: 'array', minItems: 3, maxItems: 2 }],
  ['an empty enum', { enum: [] }],
  ['no schema at all', 'string'],
  ['a schema that is too deep', Array.from({ length: 40 }).reduce<object>((inner) => ({ items: inner }), {})],
  ['too many alternatives', { anyOf: Array(33).fill({ type: 'null' }) }],
  [
    'a schema with too many rules',
    { properties: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`p${i}`, {}])) },
  ],
])('refuses %s as serve/bad-schema', (_, schema) => {
  const refusal = (() => {
    try {
      return jsonSchemaToGbnf(schema)
    } catch (cause) {
      return cause
    }
  })()
  expect(isAllodError(refusal, 'serve/bad-schema')).toBe(true)
})
