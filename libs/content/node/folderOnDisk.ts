import { constants, type Stats } from 'node:fs'
import { lstat, mkdir, open, opendir, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fail } from '../errors.ts'
import {
  comparePaths,
  type FileEntry,
  type FileSink,
  type FolderSink,
  type FolderSource,
  MAX_FILES,
} from '../folder.ts'

const READ_BYTES = 1 << 18
const MAX_DEPTH = 32

/**
 * A folder on this machine, its files listed now and read later. Links, sockets and devices are refused, not followed.
 * @throws content/not-a-file, content/folder-too-large
 */
export async function folderSource(dir: string): Promise<FolderSource> {
  const files = await listFiles(dir, '', 0)
  files.sort((a, b) => comparePaths(a.path, b.path))
  const buffers = newBuffers()
  return { files, read: (file) => readFile(join(dir, file.path), file, buffers), release: buffers.release }
}

/** One file on this machine as a folder of its own, read later. A link is followed now, and none later. @throws content/not-a-file */
export async function fileSource(path: string): Promise<FolderSource> {
  const real = await realpath(path)
  const { sizeBytes } = entryOf(basename(path), await lstat(real))
  const buffers = newBuffers()
  const files = [{ path: basename(path), sizeBytes, isExecutable: false }]
  return { files, read: (file) => readFile(real, file, buffers), release: buffers.release }
}

type Buffers = { take(): Buffer; readonly release: (piece: Uint8Array) => void }

/** Read buffers that are used again once their pieces come back; those that never do are collected as garbage. */
function newBuffers(): Buffers {
  const spare: Buffer[] = []
  const lent = new WeakSet<ArrayBufferLike>()
  return {
    take() {
      const buffer = spare.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES)
      lent.add(buffer.buffer)
      return buffer
    },
    release(piece) {
      if (lent.delete(piece.buffer)) spare.push(Buffer.from(piece.buffer))
    },
  }
}

/**
 * A folder on this machine to write into, best an empty one. A file gets its name only when it is whole.
 */
export function folderSink(dir: string): FolderSink {
  return {
    async open({ path, isExecutable }) {
      const target = join(dir, path)
      const partial = `${target}.partial`
      await mkdir(dirname(target), { recursive: true })
      const file = await open(partial, 'w', isExecutable ? 0o755 : 0o644)
      const sink: FileSink = {
        async write(bytes) {
          await file.writeFile(bytes)
        },
        async commit() {
          await file.close()
          await rename(partial, target)
        },
        async discard() {
          await file.close()
          await rm(partial, { force: true })
        },
      }
      return sink
    },
  }
}

async function listFiles(root: string, prefix: string, depth: number): Promise<FileEntry[]> {
  if (depth > MAX_DEPTH) throw fail('folder-too-large', { expected: `${MAX_DEPTH} deep`, actual: prefix })
  const found: FileEntry[] = []
  for await (const entry of await opendir(join(root, prefix))) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`
    if (entry.isDirectory()) found.push(...(await listFiles(root, path, depth + 1)))
    else found.push(entryOf(path, await lstat(join(root, path))))
    if (found.length > MAX_FILES) throw fail('folder-too-large', { expected: MAX_FILES })
  }
  return found
}

function entryOf(path: string, stats: Stats): FileEntry {
  if (!stats.isFile()) throw fail('not-a-file', { actual: path })
  return { path, sizeBytes: stats.size, isExecutable: (stats.mode & 0o100) !== 0 }
}

async function* readFile(path: string, { sizeBytes }: FileEntry, buffers: Buffers): AsyncGenerator<Uint8Array, void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const actual = (await file.stat()).size
    if (actual !== sizeBytes) throw fail('file-changed', { expected: sizeBytes, actual, meta: { path } })
    for (let left = sizeBytes; left > 0; ) {
      const buffer = buffers.take()
      const { bytesRead } = await file.read(buffer, 0, Math.min(left, READ_BYTES))
      if (bytesRead === 0) throw fail('file-changed', { expected: sizeBytes, actual: sizeBytes - left, meta: { path } })
      left -= bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}
