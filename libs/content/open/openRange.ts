import { fail } from '../errors.ts'
import type { ByteRange } from '../stores/Store.ts'
import { newObjectReader, type OpenOptions } from './reader.ts'

/**
 * Part of an object's plaintext, verified like the whole; only the chunks that cover it are fetched.
 * @throws content/bad-range, and what `openObject` throws
 */
export async function* openRange(options: OpenOptions, { start, end }: ByteRange): AsyncGenerator<Uint8Array, void> {
  const reader = await newObjectReader(options)
  const { lengthBytes, chunkLog2 } = reader.header
  const isInside = Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end
  if (!isInside || end > lengthBytes)
    throw fail('bad-range', { expected: `0..${lengthBytes}`, actual: `${start}..${end}` })
  if (start === end) return
  const chunkBytes = 2 ** chunkLog2
  const first = Math.floor(start / chunkBytes)
  let at = first * chunkBytes
  for await (const chunk of reader.chunks(first, Math.ceil(end / chunkBytes))) {
    yield chunk.subarray(Math.max(0, start - at), Math.min(chunk.length, end - at))
    at += chunk.length
  }
}
