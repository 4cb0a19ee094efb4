import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chunkCountOf, chunkLengthOf, packChunks, packCountOf, paddedLength, placeOf } from './layout.ts'

const cuts = fc.record({
  chunkLog2: fc.integer({ min: 16, max: 22 }),
  lengthBytes: fc.integer({ min: 0, max: 2 ** 33 }),
})

describe('layout', () => {
  it('covers every byte once, in packs in a row', () => {
    fc.assert(
      fc.property(cuts, fc.nat(), (cut, pick) => {
        const count = chunkCountOf(cut)
        const index = pick % count
        expect(packChunks(cut, packCountOf(cut) - 1).end).toBe(count)
        const { pack, start, end } = placeOf(cut, index)
        const { first } = packChunks(cut, pack)
        expect(index).toBeGreaterThanOrEqual(first)
        expect(start).toBe(index === first ? 0 : placeOf(cut, index - 1).end)
        expect(end - start).toBe(chunkLengthOf(cut, index) + 16)
        const lastLength = chunkLengthOf(cut, count - 1)
        expect((count - 1) * 2 ** cut.chunkLog2 + lastLength).toBe(cut.lengthBytes)
        expect(lastLength > 0 || cut.lengthBytes === 0).toBe(true)
      }),
    )
  })

  it('keeps packs within 64 MiB of plaintext, whatever the chunk size', () => {
    for (let chunkLog2 = 16; chunkLog2 <= 22; chunkLog2++) {
      const { end, first } = packChunks({ chunkLog2, lengthBytes: 2 ** 35 }, 0)
      expect((end - first) * 2 ** chunkLog2).toBeLessThanOrEqual(2 ** 26)
    }
  })

  it('pads by at most an eighth, to eight sizes per doubling, and never below a chunk', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 42 }), (length) => {
        const padded = paddedLength(length, 20)
        expect(padded).toBeGreaterThanOrEqual(Math.max(length, 2 ** 20))
        expect(padded).toBeLessThanOrEqual(Math.max(length * 1.125, 2 ** 20))
        expect(paddedLength(padded, 20)).toBe(padded)
      }),
    )
    const sizes = new Set(Array.from({ length: 1000 }, (_, i) => paddedLength(2 ** 30 + i * 2 ** 20, 20)))
    expect(sizes.size).toBeLessThanOrEqual(9)
  })
})
