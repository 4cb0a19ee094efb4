import { fail } from '../errors.ts'
import { type FileEntry, type FolderSource, newFolderCheck } from '../folder.ts'
import { BLOCK_BYTES, encodeEntry, fillOf } from './ustar.ts'

/**
 * A folder as one stream of bytes, the same for the same files: a USTAR subset in order of path. Ends in two blocks of
 * zeros.
 * @throws content/bad-path, content/folder-too-large, content/file-changed
 */
export async function* writeArchive(folder: FolderSource): AsyncGenerator<Uint8Array, void> {
  const check = newFolderCheck()
  for (const file of folder.files) {
    check(file)
    yield encodeEntry(file)
    yield* exactly(file, folder.read(file))
    const fill = fillOf(file.sizeBytes)
    if (fill > 0) yield new Uint8Array(fill)
  }
  yield new Uint8Array(2 * BLOCK_BYTES)
}

/** Bytes of the archive of these files. */
export const archiveLength = (files: readonly FileEntry[]): number =>
  files.reduce((sum, { sizeBytes }) => sum + BLOCK_BYTES + sizeBytes + fillOf(sizeBytes), 2 * BLOCK_BYTES)

async function* exactly(file: FileEntry, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let actual = 0
  for await (const piece of pieces) {
    actual += piece.length
    if (actual > file.sizeBytes) break
    yield piece
  }
  if (actual !== file.sizeBytes)
    throw fail('file-changed', { expected: file.sizeBytes, actual, meta: { path: file.path } })
}
