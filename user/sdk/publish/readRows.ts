import type { FolderSource } from '@allod/content'
import { type Dataset, readDataset } from '@allod/models'
import { fail } from '../errors.ts'
import { readWhole } from './readWhole.ts'

/** Largest file of rows, in bytes: of more, even at three bytes a character, no text can be made. */
const MAX_BYTES = 3 * 2 ** 29

/** A dataset's rows, and what is wrong with others. @throws sdk/folder-too-large */
export async function readRows(folder: FolderSource): Promise<Dataset> {
  for (const { path, sizeBytes } of folder.files)
    if (sizeBytes > MAX_BYTES)
      throw fail('folder-too-large', { expected: MAX_BYTES, actual: sizeBytes, meta: { path } })
  return readDataset(await readWhole(folder))
}
