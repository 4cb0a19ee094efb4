import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { FolderSource } from '@allod/content'
import { folderSource } from '@allod/content/node'
import { fail } from '../errors.ts'
import { memoryFolder } from '../publish/memoryFolder.ts'

/** A folder of this machine, or one file as a folder of its own. @throws sdk/file-unreadable */
export async function folderOrFile(path: string): Promise<FolderSource> {
  const found = await stat(path).catch((cause: unknown) => {
    throw fail('file-unreadable', { cause, actual: path })
  })
  if (found.isDirectory()) return folderSource(path)
  return memoryFolder(new Map([[basename(path), new Uint8Array(await readFile(path))]]))
}
