import type { AllodError } from '@allod/protocol'
import type { ByteReader } from './ByteSource.ts'

/** The largest value that is read or written here; the format itself reaches 2^62-1. */
const MAX = 2 ** 30 - 1

/** A variable-length integer of RFC 9000 §16 in its shortest form; below 2^30, all that is needed here. */
export function encodeVarint(value: number): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(value) || value < 0 || value > MAX) throw new RangeError(`a varint from 0 to ${MAX}`)
  if (value < 0x40) return Uint8Array.of(value)
  if (value < 0x4000) return Uint8Array.of(0x40 | (value >> 8), value & 0xff)
  return Uint8Array.of(0x80 | (value >> 24), (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff)
}

export type VarintErrors = { readonly truncated: () => AllodError; readonly tooLarge: (value: number) => AllodError }

/** Reads one of any allowed length, at most `max`; throws the caller's error otherwise. */
export async function readVarint(reader: ByteReader, max: number, errors: VarintErrors): Promise<number> {
  const first = (await reader.upTo(1))[0]
  if (first === undefined) throw errors.truncated()
  const size = 1 << (first >> 6)
  const rest = await reader.upTo(size - 1)
  if (rest.length < size - 1) throw errors.truncated()
  let value = first & 0x3f
  for (const byte of rest) value = value * 256 + byte
  if (value > max) throw errors.tooLarge(value)
  return value
}
