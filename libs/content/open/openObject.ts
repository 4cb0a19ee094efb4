import { chunkCountOf } from '../layout.ts'
import { newObjectReader, type OpenOptions } from './reader.ts'

/**
 * An object's plaintext, chunk by chunk. Each chunk is released only after its leaf and its tag were checked; that the stream
 * ends without an error means that the last flag and the length were right: until then the content is not whole.
 * @throws content/wrong-key, content/leaf-table-mismatch, content/chunk-unopened, content/no-replica, content/aborted
 */
export async function* openObject(options: OpenOptions): AsyncGenerator<Uint8Array, void> {
  const reader = await newObjectReader(options)
  const totalBytes = reader.header.lengthBytes
  let openedBytes = 0
  for await (const chunk of reader.chunks(0, chunkCountOf(reader.header))) {
    openedBytes += chunk.length
    yield chunk
    options.onProgress?.({ openedBytes, totalBytes })
  }
}
