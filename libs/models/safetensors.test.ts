import { concat, isAllodError, utf8 } from '@allod/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readSafetensors, tensorOf, toFloat32, writeSafetensors } from './safetensors.ts'

/** A file with this header and so many bytes of content. */
function fileOf(header: unknown, contentBytes: number): Uint8Array {
  const json = utf8(typeof header === 'string' ? header : JSON.stringify(header))
  const size = new Uint8Array(8)
  new DataView(size.buffer).setBigUint64(0, BigInt(json.length), true)
  return concat(size, json, new Uint8Array(contentBytes))
}

const f32 = (from: number, to: number, shape: readonly number[]): object => ({
  dtype: 'F32',
  shape,
  data_offsets: [from, to],
})

const codeOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    if (isAllodError(error)) return error.code
    throw error
  }
  return 'no error'
}

describe('safetensors', () => {
  it('gives back what was written, tensor for tensor', () => {
    fc.assert(
      fc.property(fc.array(fc.float32Array({ noNaN: true, maxLength: 20 }), { maxLength: 6 }), (arrays) => {
        const tensors = new Map(arrays.map((a, i) => [`t${i}`, tensorOf(Float32Array.from(a), [a.length])]))
        const read = readSafetensors(writeSafetensors(tensors))
        expect([...read.keys()]).toEqual([...tensors.keys()])
        for (const [i, a] of arrays.entries()) {
          const tensor = read.get(`t${i}`)
          expect(tensor && toFloat32(tensor)).toEqual(Float32Array.from(a))
        }
      }),
    )
  })

  it('writes the same bytes for the same tensors', () => {
    const tensors = new Map([['a', tensorOf(Float32Array.of(1, 2), [2])]])
    expect(writeSafetensors(tensors)).toEqual(writeSafetensors(tensors))
  })

  it('reads half precision and bfloat16', () => {
    const header = {
      half: { dtype: 'F16', shape: [2], data_offsets: [0, 4] },
      brain: { dtype: 'BF16', shape: [1], data_offsets: [4, 6] },
    }
    const file = fileOf(header, 6)
    file.set([0x00, 0x3c, 0x00, 0xc0, 0x40, 0xc0], file.length - 6)
    const read = readSafetensors(file)
    expect([...read.values()].map((t) => [...toFloat32(t)])).toEqual([[1, -2], [-3]])
  })

  it.each([
    ['a file shorter than its length field', new Uint8Array(5)],
    ['a header longer than the file', fileOf({}, 0).with(0, 200)],
    ['a header of 2^63 bytes', new Uint8Array(16).fill(255, 0, 8)],
    ['a header that is not JSON', fileOf('{"a":', 0)],
    ['a header that is a list', fileOf([], 0)],
    ['a gap before a tensor', fileOf({ a: f32(4, 8, [1]) }, 8)],
    ['a gap between tensors', fileOf({ a: f32(0, 4, [1]), b: f32(8, 12, [1]) }, 12)],
    ['tensors that overlap', fileOf({ a: f32(0, 8, [2]), b: f32(4, 12, [2]) }, 12)],
    ['content after the last tensor', fileOf({ a: f32(0, 4, [1]) }, 8)],
    ['a tensor beyond the end', fileOf({ a: f32(0, 8, [2]) }, 4)],
    ['a shape that does not fill its bytes', fileOf({ a: f32(0, 8, [3]) }, 8)],
    ['a negative dimension', fileOf({ a: f32(0, 4, [-1]) }, 4)],
    ['offsets that are missing', fileOf({ a: { dtype: 'F32', shape: [1] } }, 4)],
  ])('refuses %s', (_, file) => {
    expect(codeOf(() => readSafetensors(file))).toBe('models/bad-safetensors')
  })

  it('refuses a number format it does not read', () => {
    const file = fileOf({ a: { dtype: 'I8', shape: [1], data_offsets: [0, 1] } }, 1)
    expect(codeOf(() => readSafetensors(file))).toBe('models/unsupported-tensor-type')
  })

  it('never crashes otherwise on a file with one byte changed', () => {
    const good = writeSafetensors(new Map([['a', tensorOf(Float32Array.of(1, 2, 3), [3])]]))
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const code = codeOf(() => readSafetensors(good.with(at, byte)))
        expect(['no error', 'models/bad-safetensors', 'models/unsupported-tensor-type']).toContain(code)
      }),
    )
  })
})
