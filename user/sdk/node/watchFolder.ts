import { createHash } from 'node:crypto'
import type { FileEntry } from '@allod/content'
import { canonicalise, sha256, toHex } from '@allod/protocol'
import type { SealingJournal } from '../publish/SealingJournal.ts'

/** Hashes every file with SHA-256 while it is read; a file that is read again counts as it was then. */
export const watchFolder: SealingJournal['watch'] = (folder) => {
  const digests = new Map<string, string>()
  async function* read(file: FileEntry): AsyncGenerator<Uint8Array, void> {
    const hash = createHash('sha256')
    for await (const piece of folder.read(file)) {
      hash.update(piece)
      yield piece
    }
    digests.set(file.path, hash.digest('hex'))
  }
  return {
    folder: { ...folder, read },
    async fingerprint() {
      for (const file of folder.files)
        if (!digests.has(file.path)) for await (const piece of read(file)) folder.release?.(piece)
      const files = folder.files.map(({ path, isExecutable }) => [path, isExecutable, digests.get(path) ?? ''])
      return toHex(sha256(canonicalise(files)))
    },
  }
}
