import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toQ8 } from './q8.ts'

function fromQ8(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer)
  return Array.from({ length: bytes.length / 34 }, (_, b) =>
    Array.from({ length: 32 }, (_, i) => view.getFloat16(b * 34, true) * view.getInt8(b * 34 + 2 + i)),
  ).flat()
}

test('every number comes back within half a step of its block', () => {
  fc.assert(
    fc.property(fc.float32Array({ minLength: 64, maxLength: 64, noNaN: true, min: -100, max: 100 }), (numbers) => {
      const back = fromQ8(toQ8(numbers))
      for (const [i, x] of numbers.entries()) {
        const block = numbers.subarray(i - (i % 32), i - (i % 32) + 32)
        const highest = Math.max(...block.map(Math.abs))
        // Half a step, and what the scale itself loses in F16.
        expect(Math.abs((back[i] as number) - x)).toBeLessThanOrEqual(highest / 254 + highest / 1000 + 1e-5)
      }
    }),
  )
})

test('a block of zeros stays zeros', () => {
  expect(fromQ8(toQ8(new Float32Array(32)))).toEqual(Array(32).fill(0))
})
