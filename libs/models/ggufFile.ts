import { concat, utf8 } from '@allod/protocol'

/** A value of GGUF's metadata. */
export type GgufValue =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'u32'; readonly value: number }
  | { readonly kind: 'f32'; readonly value: number }
  | { readonly kind: 'flag'; readonly value: boolean }
  | { readonly kind: 'texts'; readonly value: readonly string[] }
  | { readonly kind: 'i32s'; readonly value: readonly number[] }
  | { readonly kind: 'f32s'; readonly value: readonly number[] }

/** How numbers are stored. Q8_0: blocks of 32 bytes with one F16 scale each; rows must be whole blocks. */
export type GgufType = 'F32' | 'F16' | 'Q8_0'

/** A tensor to write. `shape` is row-major, outermost first, as in safetensors; GGUF itself counts the other way. */
export type GgufTensor = {
  readonly name: string
  readonly shape: readonly number[]
  readonly type: GgufType
  /** Made when it is written, so that one tensor at a time is in memory. */
  readonly bytes: () => Uint8Array
}

const VERSION = 3
const ALIGNMENT = 32
const TYPE_CODES = { F32: 0, F16: 1, Q8_0: 8 } as const
const TYPE_BYTES = { F32: 4, F16: 2, Q8_0: 34 / 32 } as const
const CODES = { u32: 4, f32: 6, flag: 7, text: 8, list: 9, i32: 5 } as const

/** A GGUF file, piece by piece: the head, then each tensor with its padding. */
export function* ggufFile(
  metadata: ReadonlyMap<string, GgufValue>,
  tensors: readonly GgufTensor[],
): Generator<Uint8Array> {
  const parts: Uint8Array[] = [utf8('GGUF'), u32(VERSION), u64(tensors.length), u64(metadata.size)]
  for (const [key, value] of metadata) parts.push(text(key), encoded(value))
  let offset = 0
  for (const { name, shape, type } of tensors) {
    parts.push(text(name), u32(shape.length), ...shape.toReversed().map(u64), u32(TYPE_CODES[type]), u64(offset))
    offset += padded(shape.reduce((a, b) => a * b, TYPE_BYTES[type]))
  }
  const head = concat(...parts)
  yield concat(head, new Uint8Array(padded(head.length) - head.length))
  for (const tensor of tensors) {
    const bytes = tensor.bytes()
    yield bytes
    if (padded(bytes.length) > bytes.length) yield new Uint8Array(padded(bytes.length) - bytes.length)
  }
}

const padded = (length: number): number => Math.ceil(length / ALIGNMENT) * ALIGNMENT

function encoded(entry: GgufValue): Uint8Array {
  switch (entry.kind) {
    case 'text':
      return concat(u32(CODES.text), text(entry.value))
    case 'u32':
      return concat(u32(CODES.u32), u32(entry.value))
    case 'f32':
      return concat(u32(CODES.f32), f32(entry.value))
    case 'flag':
      return concat(u32(CODES.flag), Uint8Array.of(entry.value ? 1 : 0))
    case 'texts':
      return list(CODES.text, entry.value.map(text))
    case 'i32s':
      return list(CODES.i32, entry.value.map(i32))
    case 'f32s':
      return list(CODES.f32, entry.value.map(f32))
  }
}

const list = (code: number, items: readonly Uint8Array[]): Uint8Array =>
  concat(u32(CODES.list), u32(code), u64(items.length), concat(...items))

const text = (value: string): Uint8Array => {
  const bytes = utf8(value)
  return concat(u64(bytes.length), bytes)
}

const u32 = (value: number): Uint8Array => written(4, (view) => view.setUint32(0, value, true))
const i32 = (value: number): Uint8Array => written(4, (view) => view.setInt32(0, value, true))
const f32 = (value: number): Uint8Array => written(4, (view) => view.setFloat32(0, value, true))
const u64 = (value: number): Uint8Array => written(8, (view) => view.setBigUint64(0, BigInt(value), true))

function written(size: number, write: (view: DataView) => void): Uint8Array {
  const out = new Uint8Array(size)
  write(new DataView(out.buffer))
  return out
}
