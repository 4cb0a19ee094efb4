import { writeArchive } from '../archive/writeArchive.ts'
import type { FolderSource } from '../folder.ts'
import { type SealedObject, type SealOptions, sealStream } from './sealStream.ts'

/**
 * Seals a folder as one archive; the same files give the same plaintext.
 * @throws content/bad-path, content/folder-too-large, content/file-changed, and what `sealStream` throws
 */
export const sealFolder = (folder: FolderSource, options: SealOptions): Promise<SealedObject> =>
  sealStream(() => writeArchive(folder), { ...options, ...(folder.release ? { release: folder.release } : {}) })
