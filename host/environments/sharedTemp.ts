import { lstatSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'

// A unix socket's path holds 107 bytes; what is put below this folder needs 70.
const MAX_PATH = 36

/** A temporary folder whose sockets have short enough paths, and that a guest under another uid can pass through. */
export const sharedTemp = (): string =>
  tmpdir().length <= MAX_PATH && isPassableByOthers(tmpdir()) ? tmpdir() : '/tmp'

/** Whether every other user can pass through a folder and all above it. */
export function isPassableByOthers(path: string): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    if ((lstatSync(folder).mode & 0o001) === 0) return false
    if (folder === dirname(folder)) return true
  }
}
