import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromBase64Url, fromHex, isHex, lp, toBase64Url, toHex, u32, u64 } from './bytes.ts'

const badHex = expect.objectContaining({ code: 'protocol/bad-hex' })
const badInteger = expect.objectContaining({ code: 'protocol/bad-integer' })
const bytes = fc.uint8Array({ maxLength: 100 })

describe('hex', () => {
  test('gives back the bytes it was made of', () => {
    fc.assert(fc.property(bytes, (b) => toHex(fromHex(toHex(b))) === toHex(b) && isHex(toHex(b), b.length)))
  })

  test.each(['', '0x0', '00', '0xAB', '0xzz', '0x00 ', '0x00\n'])('refuses %j', (text) => {
    expect(() => fromHex(text)).toThrow(badHex)
  })

  test('refuses another length than expected', () => {
    expect(() => fromHex('0x0011', 3)).toThrow(badHex)
    expect(() => fromHex('0x0011', 1)).toThrow(badHex)
  })
})

describe('base64url', () => {
  test('gives back the bytes it was made of', () => {
    fc.assert(fc.property(bytes, (b) => toHex(fromBase64Url(toBase64Url(b))) === toHex(b)))
  })

  test.each(['A', 'AA==', 'A+', 'A/', 'AB'])('refuses %j, another spelling or no bytes at all', (text) => {
    expect(() => fromBase64Url(text)).toThrow(badHex)
  })
})

describe('integers', () => {
  test.each([-1, 1.5, 2 ** 32, Number.NaN])('refuse %d as u32', (value) => {
    expect(() => u32(value)).toThrow(badInteger)
  })

  test.each([-1n, 1n << 64n, 1.5, Number.NaN, 2 ** 60])('refuse %s as u64', (value) => {
    expect(() => u64(value)).toThrow(badInteger)
  })

  test('are big-endian', () => {
    expect(toHex(u32(0x01020304))).toBe('0x01020304')
    expect(toHex(u64(0xffffffffffffffffn))).toBe('0xffffffffffffffff')
    expect(toHex(lp(Uint8Array.of(9)))).toBe('0x0000000109')
  })
})
