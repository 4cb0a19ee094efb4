import { errorsOf, fromUtf8, utf8 } from '@allod/protocol'
import { fromBfloat16, fromFloat16, toFloat16 } from './float16.ts'

export type TensorType = 'F32' | 'F16' | 'BF16'

/** A tensor as it lies in a file: little-endian numbers in row-major order. */
export type Tensor = { readonly type: TensorType; readonly shape: readonly number[]; readonly bytes: Uint8Array }

const fail = errorsOf('models', {
  'bad-safetensors': ['a safetensors file is malformed', 'download or export the file again'],
  'unsupported-tensor-type': [
    'a tensor has a number format this project does not read',
    'convert it to F32, F16 or BF16',
  ],
})

const TYPE_BYTES: Readonly<Record<TensorType, number>> = { F32: 4, F16: 2, BF16: 2 }
const MAX_HEADER_BYTES = 16 << 20
const MAX_TENSORS = 100_000

/**
 * Reads a safetensors file. Strict: the header is bounded, and the tensors fill the rest exactly, without gap or overlap.
 * The tensors are views of `file`, not copies.
 * @throws models/bad-safetensors, models/unsupported-tensor-type
 */
export function readSafetensors(file: Uint8Array): ReadonlyMap<string, Tensor> {
  const bad = (expected: string, actual?: unknown): Error => fail('bad-safetensors', { expected, actual })
  if (file.length < 8) throw bad('at least 8 bytes', file.length)
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const headerBytes = Number(view.getBigUint64(0, true))
  if (headerBytes > MAX_HEADER_BYTES || headerBytes > file.length - 8)
    throw bad(`a header of at most ${Math.min(MAX_HEADER_BYTES, file.length - 8)} bytes`, headerBytes)
  const header = parseHeader(file.subarray(8, 8 + headerBytes))
  const content = file.subarray(8 + headerBytes)
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => ({ name, ...parseEntry(name, entry) }))
    .sort((a, b) => a.from - b.from || a.to - b.to)
  if (entries.length > MAX_TENSORS) throw bad(`at most ${MAX_TENSORS} tensors`, entries.length)
  let at = 0
  const tensors = new Map<string, Tensor>()
  for (const { name, type, shape, from, to } of entries) {
    if (from !== at) throw bad(`${name} to begin at ${at}`, from)
    const size = shape.reduce((a, b) => a * b, TYPE_BYTES[type])
    if (to - from !== size || to > content.length) throw bad(`${name} to hold ${size} bytes`, to - from)
    tensors.set(name, { type, shape, bytes: content.subarray(from, to) })
    at = to
  }
  if (at !== content.length) throw bad(`content of ${at} bytes`, content.length)
  return tensors
}

/** Writes a safetensors file, tensors in the map's order; the same map gives the same bytes. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Uint8Array<ArrayBuffer> {
  let at = 0
  const header: Record<string, unknown> = { __metadata__: metadata }
  for (const [name, { type, shape, bytes }] of tensors) {
    header[name] = { dtype: type, shape, data_offsets: [at, at + bytes.length] }
    at += bytes.length
  }
  const json = utf8(JSON.stringify(header))
  // Padded with spaces so that the numbers are aligned.
  const headerBytes = Math.ceil(json.length / 8) * 8
  const file = new Uint8Array(8 + headerBytes + at).fill(0x20, 8, 8 + headerBytes)
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true)
  file.set(json, 8)
  let to = 8 + headerBytes
  for (const { bytes } of tensors.values()) {
    file.set(bytes, to)
    to += bytes.length
  }
  return file
}

/** A tensor's numbers in single precision, in memory of their own. */
export function toFloat32(tensor: Tensor): Float32Array {
  // A copy, for the view may not be aligned.
  const bytes = new Uint8Array(tensor.bytes)
  if (tensor.type === 'F32') return new Float32Array(bytes.buffer)
  const bits = new Uint16Array(bytes.buffer)
  return tensor.type === 'F16' ? fromFloat16(bits) : fromBfloat16(bits)
}

/** A tensor of these numbers, in F32 or rounded to F16. */
export function tensorOf(numbers: Float32Array, shape: readonly number[], type: 'F32' | 'F16' = 'F32'): Tensor {
  const stored = type === 'F32' ? numbers : toFloat16(numbers)
  return { type, shape, bytes: new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength) }
}

function parseHeader(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(fromUtf8(bytes))
  } catch (cause) {
    throw fail('bad-safetensors', { expected: 'a JSON header', cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw fail('bad-safetensors', { expected: 'an object as header' })
  return value as Readonly<Record<string, unknown>>
}

function parseEntry(
  name: string,
  entry: unknown,
): { type: TensorType; shape: readonly number[]; from: number; to: number } {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Readonly<Record<string, unknown>>
  if (!isNaturals(shape, 8) || !isNaturals(offsets, 2) || offsets.length !== 2)
    throw fail('bad-safetensors', { expected: 'shape and data_offsets', actual: name.slice(0, 200) })
  if (typeof dtype !== 'string' || !Object.hasOwn(TYPE_BYTES, dtype))
    throw fail('unsupported-tensor-type', {
      expected: Object.keys(TYPE_BYTES),
      actual: `${name}: ${dtype}`.slice(0, 200),
    })
  return { type: dtype as TensorType, shape, from: offsets[0] as number, to: offsets[1] as number }
}

function isNaturals(value: unknown, max: number): value is readonly number[] {
  return Array.isArray(value) && value.length <= max && value.every((n) => Number.isSafeInteger(n) && n >= 0)
}
