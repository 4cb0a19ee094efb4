import { fromHex } from '@allod/protocol'
import { extractFolder } from '../archive/extractFolder.ts'
import type { FileEntry, FolderSink } from '../folder.ts'
import { parseHeader } from '../header.ts'
import { openObject } from './openObject.ts'
import type { OpenOptions } from './reader.ts'

/**
 * Opens an object that holds a folder, into a sink. Files are not to be used before this resolves.
 * @throws content/bad-archive, content/bad-path, and what `openObject` throws
 */
export const openFolder = (options: OpenOptions, sink: FolderSink): Promise<readonly FileEntry[]> =>
  extractFolder(openObject({ ...options, isTransient: true }), sink, {
    isPadded: parseHeader(fromHex(options.manifest.header)).isPadded,
  })
