import { concat } from '@allod/protocol'
import type { FileEntry, FolderSink } from '../folder.ts'

/** A folder being written in memory; `files` holds only what was committed. */
export type MemoryFolder = FolderSink & {
  readonly files: Map<string, { readonly entry: FileEntry; readonly bytes: Uint8Array }>
  /** Files that were begun and neither committed nor discarded. */
  openCount(): number
}

export function memoryFolder(): MemoryFolder {
  const files: MemoryFolder['files'] = new Map()
  let open = 0
  return {
    files,
    openCount: () => open,
    async open(entry) {
      open++
      const pieces: Uint8Array[] = []
      return {
        write: async (bytes) => void pieces.push(Uint8Array.from(bytes)),
        async commit() {
          open--
          files.set(entry.path, { entry, bytes: concat(...pieces) })
        },
        async discard() {
          open--
        },
      }
    },
  }
}
