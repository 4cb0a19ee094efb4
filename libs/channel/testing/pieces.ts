/** Bytes cut into pieces of the sizes given, over and over. */
export async function* inPieces(
  bytes: Uint8Array,
  sizes: readonly number[] = [bytes.length],
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1)
    yield bytes.subarray(at, at + size)
    at += size
  }
}

/** The frames of a sealed stream behind its head: varint length ‖ sealed, the last one 0 ‖ sealed. */
export function framesOf(sealed: Uint8Array, headBytes: number): Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let at = headBytes; at < sealed.length; ) {
    const first = sealed[at] ?? 0
    const size = 1 << (first >> 6)
    const length = sealed.subarray(at + 1, at + size).reduce((value, byte) => value * 256 + byte, first & 0x3f)
    const end = length === 0 ? sealed.length : at + size + length
    frames.push(sealed.subarray(at, end))
    at = end
  }
  return frames
}
