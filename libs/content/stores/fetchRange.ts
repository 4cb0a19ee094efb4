import type { BlobRef } from '../blob.ts'
import { fail } from '../errors.ts'
import type { ByteRange, Store } from './Store.ts'

/** All of a range of a blob from one store, unchecked. @throws content/short-read, and what the store throws */
export async function fetchRange(
  store: Store,
  ref: BlobRef,
  range: ByteRange,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(range.end - range.start)
  let size = 0
  for await (const piece of store.get(ref, { range, signal })) {
    if (size + piece.length > bytes.length) throw fail('short-read', { expected: bytes.length })
    bytes.set(piece, size)
    size += piece.length
  }
  if (size !== bytes.length) throw fail('short-read', { expected: bytes.length, actual: size })
  return bytes
}
