import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { FolderSource } from '@allod/content'
import { fileSource, folderSource } from '@allod/content/node'
import { isAllodError } from '@allod/protocol'
import { fail } from '../errors.ts'
import { memoryFolder } from '../publish/memoryFolder.ts'

/**
 * A folder of this machine, or one file as a folder of its own; however large, it is read piece by piece.
 * @throws sdk/file-unreadable here and where it is read, content/not-a-file, content/folder-too-large, content/file-changed
 */
export async function folderOrFile(path: string): Promise<FolderSource> {
  const source = await open(path).catch((cause: unknown) => {
    throw asUnreadable(cause, path)
  })
  return {
    ...source,
    async *read(file) {
      try {
        yield* source.read(file)
      } catch (cause) {
        throw asUnreadable(cause, file.path)
      }
    },
  }
}

async function open(path: string): Promise<FolderSource> {
  const found = await stat(path)
  if (found.isDirectory()) return folderSource(path)
  if (found.isFile()) return fileSource(path)
  // What comes through a pipe comes once, and its size is not known before.
  return memoryFolder(new Map([[basename(path), new Uint8Array(await readFile(path))]]))
}

const asUnreadable = (cause: unknown, actual: string) =>
  isAllodError(cause)
    ? cause
    : fail('file-unreadable', {
        cause,
        actual,
        meta: { reason: cause instanceof Error ? cause.message : String(cause) },
      })
