import { closeSync, constants, mkdirSync, openSync, readSync, rmdirSync, writeSync } from 'node:fs'

/** The four file operations that configfs needs; a test puts a folder with the same rules in their place. */
export type TsmFiles = {
  readonly mkdir: (path: string) => void
  readonly write: (path: string, bytes: Uint8Array) => void
  /** At most {@link MAX_ATTRIBUTE_BYTES}. */
  readonly read: (path: string) => Uint8Array<ArrayBuffer>
  readonly rmdir: (path: string) => void
}

/** More than any quote, certificate table or register there is; the kernel's own bound is 32 KiB per blob. */
export const MAX_ATTRIBUTE_BYTES = 1 << 17

/** The kernel's files. An attribute says it is empty, or a page long: only reading to its end tells. */
export const kernelFiles: TsmFiles = {
  mkdir: (path) => mkdirSync(path, { mode: 0o700 }),
  rmdir: rmdirSync,
  write(path, bytes) {
    // Neither created nor truncated: what is not there is an error. A binary attribute takes effect when it is closed.
    const file = openSync(path, constants.O_WRONLY)
    try {
      if (writeSync(file, bytes) !== bytes.length) throw new Error(`a part of ${path} was written`)
    } finally {
      closeSync(file)
    }
  },
  read(path) {
    const file = openSync(path, constants.O_RDONLY)
    const bytes = new Uint8Array(MAX_ATTRIBUTE_BYTES)
    try {
      let size = 0
      for (let got = -1; got !== 0 && size < bytes.length; size += got)
        got = readSync(file, bytes, size, bytes.length - size, null)
      return bytes.slice(0, size)
    } finally {
      closeSync(file)
    }
  },
}
