import { fail } from './errors.ts'

/** A file of a folder: its name relative to it, its size, and the one bit of its mode that is kept. */
export type FileEntry = { readonly path: string; readonly sizeBytes: number; readonly isExecutable: boolean }

/** A folder to read: on a disk, in a browser, in memory. Files are sorted by `comparePaths`. */
export type FolderSource = {
  readonly files: readonly FileEntry[]
  /** Exactly `sizeBytes` bytes, from the start each time; pieces stay as they are. @throws content/file-changed */
  read(file: FileEntry): AsyncIterable<Uint8Array>
  /** Takes back a piece that is not needed any more. Optional for both sides; saves memory. */
  readonly release?: (piece: Uint8Array) => void
}

/** A folder to write. Names and sizes are checked before they get here. */
export type FolderSink = { open(file: FileEntry): Promise<FileSink> }

/** One file being written: it exists for others only after `commit`. */
export type FileSink = {
  /** The bytes are gone once this resolved: a sink that keeps them copies them. */
  write(bytes: Uint8Array): Promise<void>
  commit(): Promise<void>
  discard(): Promise<void>
}

export const MAX_FILES = 65_536
export const MAX_PATH_BYTES = 255

/** Order of paths: by their UTF-8 bytes. */
export function comparePaths(a: string, b: string): number {
  // UTF-8 order is code point order, which UTF-16 order is not above the surrogates.
  const [x, y] = [[...a], [...b]]
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const difference = (x[i]?.codePointAt(0) ?? 0) - (y[i]?.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return x.length - y.length
}

/**
 * Refuses a name that could leave its folder or that some file system spells differently: absolute, `.`, `..`, empty
 * parts, backslashes, control characters, other than NFC, over 255 bytes.
 * @throws content/bad-path
 */
export function requirePath(path: string): void {
  const isPlain =
    path.isWellFormed() &&
    path.normalize('NFC') === path &&
    new TextEncoder().encode(path).length <= MAX_PATH_BYTES &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
    !/[\u0000-\u001f\u007f\\]/.test(path) &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  if (!isPlain) throw fail('bad-path', { actual: path.slice(0, 300) })
}

/** Checks the files of a folder as they come: names, order, count, sizes, and no file that is also a folder. */
export function newFolderCheck(): (file: FileEntry) => void {
  const paths = new Set<string>()
  let previous: string | null = null
  return (file) => {
    requirePath(file.path)
    if (previous !== null && comparePaths(previous, file.path) >= 0)
      throw fail('bad-path', { expected: `after ${previous}`, actual: file.path })
    for (let at = file.path.indexOf('/'); at !== -1; at = file.path.indexOf('/', at + 1))
      if (paths.has(file.path.slice(0, at)))
        throw fail('bad-path', { actual: file.path, meta: { reason: 'inside a file' } })
    if (paths.size >= MAX_FILES) throw fail('folder-too-large', { expected: MAX_FILES })
    paths.add(file.path)
    previous = file.path
  }
}
