import { describe, expect, test } from 'vitest'
import { AllodError, isAllodError } from './AllodError.ts'
import {
  amount,
  anyJson,
  dictionary,
  flag,
  hex,
  integer,
  list,
  nullable,
  oneOf,
  record,
  type Shape,
  tagged,
  text,
} from './shape.ts'

const refusal = (shape: Shape<unknown>, value: unknown): AllodError => {
  try {
    shape(value)
  } catch (e) {
    if (isAllodError(e)) return e
  }
  throw new Error('it was accepted')
}

describe('shapes', () => {
  const point = record({ x: integer(0, 9), tags: list(text(3), 2), kind: oneOf('a', 'b'), more: nullable(flag) })

  test('yield what they describe', () => {
    const value = { x: 3, tags: ['ab'], kind: 'a', more: null }
    expect(point(value)).toEqual(value)
  })

  test.each([
    ['a missing field', { x: 3, tags: [], kind: 'a' }, '$.more'],
    ['an unknown field', { x: 3, tags: [], kind: 'a', more: null, y: 1 }, '$.y'],
    ['a number out of range', { x: 10, tags: [], kind: 'a', more: null }, '$.x'],
    ['a text too long', { x: 1, tags: ['abcd'], kind: 'a', more: null }, '$.tags[0]'],
    ['a list too long', { x: 1, tags: ['a', 'b', 'c'], kind: 'a', more: null }, '$.tags'],
    ['an unknown word', { x: 1, tags: [], kind: 'c', more: null }, '$.kind'],
    ['a list for an object', [], '$'],
  ])('refuse %s and name its path', (_, value, path) => {
    const error = refusal(point, value)
    expect(error.code).toBe('protocol/bad-shape')
    expect(error.meta.path).toBe(path)
  })

  test('take amounts as decimal strings below their bound only', () => {
    expect(amount(8)('255')).toBe('255')
    for (const bad of ['256', '01', '-1', '1.0', '', 1, '0x1'])
      expect(refusal(amount(8), bad).code).toBe('protocol/bad-shape')
  })

  test('take hex of the exact size, lower case only', () => {
    expect(hex(2)('0xab01')).toBe('0xab01')
    for (const bad of ['0xAB01', '0xab', 'ab01', '0xab0', null])
      expect(refusal(hex(2), bad).code).toBe('protocol/bad-shape')
  })

  test('tell variants apart by their tag and know no other', () => {
    const shape = tagged('kind', {
      one: record({ kind: oneOf('one') }),
      two: record({ kind: oneOf('two'), n: integer() }),
    })
    expect(shape({ kind: 'two', n: 1 })).toEqual({ kind: 'two', n: 1 })
    expect(refusal(shape, { kind: 'toString' }).meta.path).toBe('$.kind')
  })

  test('refuse a map key that would reach a prototype', () => {
    expect(refusal(dictionary(integer(), 4, /.*/), JSON.parse('{"__proto__":1}')).code).toBe('protocol/bad-shape')
  })

  test('bound free JSON by number of values and depth', () => {
    expect(anyJson(4)([1, 2, 3])).toEqual([1, 2, 3])
    expect(refusal(anyJson(3), [1, 2, 3]).code).toBe('protocol/bad-shape')
    expect(refusal(anyJson(), [undefined]).code).toBe('protocol/bad-shape')
    expect(refusal(anyJson(), [() => 1]).code).toBe('protocol/bad-shape')
  })
})

test('an error crosses a wire without its cause', () => {
  const error = new AllodError('a/b', 'm', 'h', { expected: 1n, cause: new Error('secret') })
  expect(JSON.stringify(error)).toBe('{"code":"a/b","message":"m","hint":"h","meta":{"expected":"1"}}')
})
