import { concat } from '@allod/protocol'

/** One element of DER with this identifier octet, around the parts. At most 16 MB. */
export function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const content = concat(...parts)
  const { length } = content
  if (length < 0x80) return concat(Uint8Array.of(tag, length), content)
  const octets = length < 0x100 ? [length] : length < 0x10000 ? [length >> 8, length & 0xff] : wide(length)
  return concat(Uint8Array.of(tag, 0x80 + octets.length, ...octets), content)
}

const wide = (length: number): readonly number[] => [length >> 16, (length >> 8) & 0xff, length & 0xff]
