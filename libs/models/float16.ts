/** Numbers of half-precision bits (IEEE binary16), as a table lookup. */
export function fromFloat16(bits: Uint16Array): Float32Array {
  const out = new Float32Array(bits.length)
  for (let i = 0; i < bits.length; i++) out[i] = halfTable()[bits[i] as number] as number
  return out
}

/** Half-precision bits of numbers, rounded to nearest, ties to even; what is too large becomes infinite. */
export function toFloat16(numbers: Float32Array): Uint16Array {
  const words = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length)
  const out = new Uint16Array(numbers.length)
  for (let i = 0; i < words.length; i++) out[i] = halfOf(words[i] as number)
  return out
}

/** Numbers of bfloat16 bits: the upper half of a float32. */
export function fromBfloat16(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length)
  for (let i = 0; i < bits.length; i++) words[i] = (bits[i] as number) << 16
  return new Float32Array(words.buffer)
}

function halfOf(word: number): number {
  const sign = (word >>> 16) & 0x8000
  const magnitude = word & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude < 0x33000001) return sign
  if (magnitude < 0x38800000) {
    // Subnormal: shift the mantissa with its hidden bit into place, rounding what falls off.
    const shift = 126 - (magnitude >>> 23)
    return sign | rounded((magnitude & 0x7fffff) | 0x800000, shift)
  }
  return sign | rounded(magnitude - 0x38000000, 13)
}

function rounded(value: number, shift: number): number {
  const kept = value >>> shift
  const rest = value & ((1 << shift) - 1)
  const half = 1 << (shift - 1)
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept
}

let table: Float32Array | undefined

function halfTable(): Float32Array {
  if (table) return table
  table = new Float32Array(65_536)
  for (let bits = 0; bits < 65_536; bits++) {
    const exponent = (bits >>> 10) & 31
    const fraction = bits & 1023
    const size =
      exponent === 31
        ? fraction === 0
          ? Number.POSITIVE_INFINITY
          : Number.NaN
        : exponent === 0
          ? fraction * 2 ** -24
          : (1 + fraction / 1024) * 2 ** (exponent - 15)
    table[bits] = bits & 0x8000 ? -size : size
  }
  return table
}
