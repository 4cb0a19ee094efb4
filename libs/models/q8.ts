import { toFloat16 } from './float16.ts'

/** Numbers that share a scale in Q8_0. */
export const Q8_BLOCK = 32
const BLOCK_BYTES = 2 + Q8_BLOCK
const MAX = 127

/** Numbers in ggml's Q8_0: for each block its scale in F16, then each number as a signed byte of it. Length is whole blocks. */
export function toQ8(numbers: Float32Array): Uint8Array<ArrayBuffer> {
  const scales = Float32Array.from({ length: numbers.length / Q8_BLOCK }, (_, b) => highestOf(numbers, b) / MAX)
  const out = new DataView(new ArrayBuffer(scales.length * BLOCK_BYTES))
  for (const [b, half] of toFloat16(scales).entries()) {
    const scale = scales[b] as number
    out.setUint16(b * BLOCK_BYTES, half, true)
    for (let i = 0; i < Q8_BLOCK; i++) {
      const x = numbers[b * Q8_BLOCK + i] as number
      out.setInt8(b * BLOCK_BYTES + 2 + i, scale === 0 ? 0 : Math.round(x / scale))
    }
  }
  return new Uint8Array(out.buffer)
}

function highestOf(numbers: Float32Array, block: number): number {
  let highest = 0
  for (let i = block * Q8_BLOCK; i < (block + 1) * Q8_BLOCK; i++)
    highest = Math.max(highest, Math.abs(numbers[i] as number))
  return highest
}
