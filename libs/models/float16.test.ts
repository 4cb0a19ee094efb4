import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromBfloat16, fromFloat16, toFloat16 } from './float16.ts'

it('gives back every half-precision number that is one', () => {
  const all = Uint16Array.from({ length: 65_536 }, (_, i) => i)
  const again = toFloat16(fromFloat16(all))
  const isNaNBits = (b: number): boolean => (b & 0x7c00) === 0x7c00 && (b & 0x3ff) !== 0
  const changed = [...all].filter((b) => again[b] !== b && !isNaNBits(b))
  expect(changed).toEqual([])
})

it('rounds to the nearest half-precision number, ties to even', () => {
  const bits = (x: number): number => toFloat16(Float32Array.of(x))[0] as number
  expect(bits(1 + 2 ** -11)).toBe(0x3c00)
  expect(bits(1 + 3 * 2 ** -11)).toBe(0x3c02)
  expect(bits(65_519)).toBe(0x7bff)
  expect(bits(65_520)).toBe(0x7c00)
  expect(bits(-1e9)).toBe(0xfc00)
  expect(bits(2 ** -25)).toBe(0)
  expect(bits(2 ** -25 * 1.001)).toBe(1)
  expect(bits(2 ** -15)).toBe(0x0200)
  expect(bits(Number.NaN)).toBe(0x7e00)
})

it('is never further off than half a unit in the last place', () => {
  fc.assert(
    fc.property(fc.float({ min: -60_000, max: 60_000, noNaN: true }), (x) => {
      const y = fromFloat16(toFloat16(Float32Array.of(x)))[0] as number
      const unit = 2 ** Math.max(-24, Math.floor(Math.log2(Math.abs(x) || 1e-30)) - 10)
      expect(Math.abs(x - y)).toBeLessThanOrEqual(unit / 2)
    }),
  )
})

it('reads bfloat16 as the upper half of a float', () => {
  expect([...fromBfloat16(Uint16Array.of(0x3f80, 0xc040, 0x0000))]).toEqual([1, -3, 0])
})
