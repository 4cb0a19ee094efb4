import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isAllodError } from './AllodError.ts'
import { fromUtf8, utf8 } from './bytes.ts'
import { canonicalise, type Json, parseCanonical } from './canonical.ts'

const code = (run: () => unknown): string => {
  try {
    run()
  } catch (e) {
    if (isAllodError(e)) return e.code
    throw e
  }
  return 'accepted'
}

const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().filter((n) => !Object.is(n, -0)),
    fc.string({ unit: 'binary' }).filter((s) => s.isWellFormed()),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((k) => k !== '__proto__'),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
})).value

describe('canonical JSON', () => {
  test('gives back any value it wrote', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(parseCanonical(canonicalise(value))).toEqual(value)
      }),
    )
  })

  test('sorts keys by UTF-16 units and writes no spaces', () => {
    expect(fromUtf8(canonicalise({ '\ufb33': 1, '\u{1f600}': 2, a: [true, null] }))).toBe(
      '{"a":[true,null],"\u{1f600}":2,"\ufb33":1}',
    )
  })

  test.each([
    ['a duplicate key', '{"a":1,"a":1}'],
    ['a space', '{"a": 1}'],
    ['unsorted keys', '{"b":1,"a":1}'],
    ['a fraction', '1.5'],
    ['another spelling of a number', '1e2'],
    ['minus zero', '-0'],
    ['an integer above 2^53-1', '9007199254740993'],
    ['an escape that need not be', '"\\u0061"'],
    ['a byte-order mark', '\ufeff1'],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(code(() => parseCanonical(utf8(text)))).toBe('protocol/not-canonical')
  })

  test('refuses nesting beyond its bound and documents beyond their size', () => {
    expect(code(() => parseCanonical(utf8('['.repeat(40) + ']'.repeat(40))))).toBe('protocol/not-canonical')
    expect(code(() => parseCanonical(utf8(`"${'x'.repeat(100)}"`), 50))).toBe('protocol/document-too-large')
  })

  test('refuses to write what cannot be read back', () => {
    expect(code(() => canonicalise(0.5))).toBe('protocol/not-canonical')
    expect(code(() => canonicalise('\ud800'))).toBe('protocol/not-canonical')
  })
})
