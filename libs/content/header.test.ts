import { fromHex, type Hex, toHex } from '@allod/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeHeader, parseHeader } from './header.ts'
import { codeOf, vectorsOf } from './testing/vectors.ts'

type Vectors = { good: { header: Hex }[]; bad: { name: string; header: Hex; code: string }[] }
const { good, bad } = vectorsOf<Vectors>('headers')

describe('header', () => {
  it('has all its vectors', () => expect([good.length, bad.length]).toEqual([2, 14]))

  it.each(good)('writes what it reads: $name', ({ header }) => {
    expect(toHex(encodeHeader(parseHeader(fromHex(header))))).toBe(header)
  })

  // content/bad-header, content/object-too-large
  it.each(bad)('refuses one that is/has: $name', async ({ header, code }) => {
    expect(await codeOf(() => parseHeader(fromHex(header)))).toBe(code)
  })

  it('refuses to write an object of too many chunks', async () => {
    const header = { ...parseHeader(fromHex((good[0] as { header: Hex }).header)), lengthBytes: 2 ** 37 + 1 }
    expect(await codeOf(() => encodeHeader(header))).toBe('content/object-too-large')
  })

  it('reads back any header it writes', () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
    const headers = fc.record({
      chunkLog2: fc.integer({ min: 16, max: 22 }),
      isPadded: fc.boolean(),
      lengthBytes: fc.integer({ min: 0, max: 2 ** 37 }),
      salt: bytes,
      keyCommitment: bytes,
      root: bytes,
    })
    fc.assert(
      fc.property(headers, (header) => {
        expect(parseHeader(encodeHeader(header))).toEqual(header)
      }),
    )
  })

  it('refuses or reproduces any 128 bytes', () => {
    const good = fromHex((vectorsOf<Vectors>('headers').good[0] as { header: Hex }).header)
    const changes = fc.array(fc.tuple(fc.integer({ min: 0, max: 127 }), fc.integer({ min: 0, max: 255 })), {
      maxLength: 3,
    })
    fc.assert(
      fc.property(changes, (changed) => {
        const bytes = Uint8Array.from(good)
        for (const [at, value] of changed) bytes[at] = value
        try {
          expect(encodeHeader(parseHeader(bytes))).toEqual(bytes)
        } catch (error) {
          expect((error as { code?: string }).code).toMatch(/^content\/(bad-header|object-too-large)$/)
        }
      }),
    )
  })
})
