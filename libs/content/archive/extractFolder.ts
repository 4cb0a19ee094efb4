import { fail } from '../errors.ts'
import { type FileEntry, type FolderSink, newFolderCheck } from '../folder.ts'
import { BLOCK_BYTES, decodeEntry, fillOf } from './ustar.ts'

/** Told of each file, then of its bytes, then of its end. */
type Visitor = { begin(file: FileEntry): Promise<void>; bytes(piece: Uint8Array): Promise<void>; end(): Promise<void> }

/**
 * Writes an archive's files to a sink; each is committed when it is whole, and what was begun is discarded on any error.
 * Anything but the form that `writeArchive` makes is refused; after its end only zeros may follow, and only where the object
 * is padded.
 * @throws content/bad-archive, content/bad-path, content/folder-too-large
 */
export async function extractFolder(
  stream: AsyncIterable<Uint8Array>,
  sink: FolderSink,
  { isPadded }: { readonly isPadded: boolean },
): Promise<readonly FileEntry[]> {
  const files: FileEntry[] = []
  let current: Awaited<ReturnType<FolderSink['open']>> | null = null
  const visitor: Visitor = {
    async begin(file) {
      files.push(file)
      current = await sink.open(file)
    },
    bytes: async (piece) => current?.write(piece),
    async end() {
      await current?.commit()
      current = null
    },
  }
  try {
    await walk(stream, visitor, isPadded)
  } catch (error) {
    await (current as Awaited<ReturnType<FolderSink['open']>> | null)?.discard()
    throw error
  }
  return files
}

async function walk(stream: AsyncIterable<Uint8Array>, visitor: Visitor, isPadded: boolean): Promise<void> {
  const input = reader(stream)
  const check = newFolderCheck()
  for (;;) {
    const file = decodeEntry(await input.block())
    if (file === null) break
    check(file)
    await visitor.begin(file)
    for (let left = file.sizeBytes; left > 0; ) {
      const piece = await input.some(left)
      await visitor.bytes(piece)
      left -= piece.length
    }
    await visitor.end()
    requireZeros(await input.exactly(fillOf(file.sizeBytes)))
  }
  requireZeros(await input.block())
  for (let piece = await input.rest(); piece !== null; piece = await input.rest()) {
    if (!isPadded) throw fail('bad-archive', { meta: { reason: 'bytes after the end' } })
    requireZeros(piece)
  }
}

function requireZeros(bytes: Uint8Array): void {
  if (bytes.some((b) => b !== 0)) throw fail('bad-archive', { meta: { reason: 'fill is not zero' } })
}

/** Reads a stream by size. */
function reader(stream: AsyncIterable<Uint8Array>) {
  const iterator = stream[Symbol.asyncIterator]()
  let left: Uint8Array = new Uint8Array()
  const rest = async (): Promise<Uint8Array | null> => {
    while (left.length === 0) {
      const next = await iterator.next()
      if (next.done) return null
      left = next.value
    }
    const piece = left
    left = new Uint8Array()
    return piece
  }
  const some = async (max: number): Promise<Uint8Array> => {
    const piece = await rest()
    if (piece === null) throw fail('bad-archive', { meta: { reason: 'it ends early' } })
    left = piece.subarray(max)
    return piece.subarray(0, max)
  }
  const exactly = async (size: number): Promise<Uint8Array> => {
    const out = new Uint8Array(size)
    for (let at = 0; at < size; ) {
      const piece = await some(size - at)
      out.set(piece, at)
      at += piece.length
    }
    return out
  }
  return { rest, some, exactly, block: () => exactly(BLOCK_BYTES) }
}
