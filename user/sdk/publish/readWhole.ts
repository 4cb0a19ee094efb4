import type { FolderSource } from '@allod/content'
import type { Folder } from '@allod/models'
import { concat } from '@allod/protocol'
import { fail } from '../errors.ts'

/** Largest folder that is read into memory to be checked, in bytes. */
const MAX_BYTES = 4 * 2 ** 30

/** A folder's files in memory, as the checks of models and datasets take them. @throws sdk/folder-too-large */
export async function readWhole({ files, read }: FolderSource): Promise<Folder> {
  const sizeBytes = files.reduce((sum, f) => sum + f.sizeBytes, 0)
  if (sizeBytes > MAX_BYTES) throw fail('folder-too-large', { expected: MAX_BYTES, actual: sizeBytes })
  const folder = new Map<string, Uint8Array>()
  for (const file of files) {
    const parts: Uint8Array[] = []
    for await (const part of read(file)) parts.push(part)
    folder.set(file.path, concat(...parts))
  }
  return folder
}
