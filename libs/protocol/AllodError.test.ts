import { describe, expect, test } from 'vitest'
import { AllodError, errorCatalogues, errorFromJson, errorsOf, isAllodError } from './AllodError.ts'

describe('an error over a wire', () => {
  test('comes back with its code, sentence, hint and meta', () => {
    const sent = new AllodError('content/chunk-mismatch', 'a chunk differs', 'try another', { expected: 1, actual: 2 })
    const got = errorFromJson(JSON.parse(JSON.stringify(sent)))
    expect(isAllodError(got, 'content/chunk-mismatch')).toBe(true)
    expect(got.toJSON()).toEqual(sent.toJSON())
  })

  test('says neither its stack nor its cause', () => {
    const sent = new AllodError('a/b', 'm', 'h', { cause: new Error('inner detail') })
    expect(Object.keys(sent.toJSON())).toEqual(['code', 'message', 'hint', 'meta'])
    expect(JSON.stringify(sent)).not.toContain('inner detail')
  })

  test('prints big integers and bytes as text', () => {
    const sent = new AllodError('a/b', 'm', 'h', { expected: 1n << 70n, actual: Uint8Array.of(1, 255) })
    expect(sent.toJSON().meta).toEqual({ expected: '1180591620717411303424', actual: '0x01ff' })
  })

  test.each([
    ['text', 'boom'],
    ['nothing', null],
    ['undefined', undefined],
    ['a list', [1]],
    ['a code of no known form', { code: 'Not A Code', message: 'm' }],
    ['an endless code', { code: `a/${'b'.repeat(100)}` }],
    ['a code that is no text', { code: 7 }],
  ])('of no known form is protocol/remote-error: %s', (_, value) => {
    expect(errorFromJson(value).code).toBe('protocol/remote-error')
  })

  test('is cut to a bound', () => {
    expect(errorFromJson({ code: 'a/b', message: 'x'.repeat(5000), hint: 3 })).toMatchObject({
      message: 'x'.repeat(1000),
      hint: '',
    })
    expect(String(errorFromJson('y'.repeat(5000)).meta.actual)).toHaveLength(1000)
  })
})

describe('a catalogue', () => {
  test('grows with each declaration of its scope', () => {
    errorsOf('sample', { one: ['first', 'do one'] })
    const fail = errorsOf('sample', { two: ['second', 'do two'] })
    expect(errorCatalogues().get('sample')).toEqual({ one: ['first', 'do one'], two: ['second', 'do two'] })
    expect(fail('two')).toMatchObject({ code: 'sample/two', message: 'second', hint: 'do two', meta: {} })
    expect(fail('two', { hint: 'do this instead' }).hint).toBe('do this instead')
  })
})
