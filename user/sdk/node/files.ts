import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, opendir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type Json, utf8 } from '@allod/protocol'
import { fail } from '../errors.ts'

/** Makes a folder that only its owner may enter. */
export async function ownFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  await chmod(path, 0o700)
}

/**
 * A folder that others shall fill: made here, for its owner only, or there and empty, and then left as it is. Whatever names of
 * files come, they replace nothing.
 * @throws sdk/folder-not-empty, sdk/file-unwritable
 */
export async function emptyFolder(path: string): Promise<void> {
  const unwritable = (cause: unknown) => fail('file-unwritable', { cause, actual: path })
  try {
    await mkdir(dirname(resolve(path)), { recursive: true })
    return await mkdir(path, { mode: 0o700 })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(cause)
  }
  const there = await opendir(path).catch((cause: unknown) => {
    throw unwritable(cause)
  })
  try {
    if ((await there.read()) !== null) throw fail('folder-not-empty', { actual: path })
  } finally {
    await there.close()
  }
}

/** Writes a file whole or not at all, readable by its owner only unless told, and on disk when this returns. */
export async function writeFileWhole(path: string, content: Uint8Array, mode = 0o600): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.part`
  try {
    const file = await open(temporary, 'wx', mode)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true })
    throw fail('file-unwritable', { cause, actual: path })
  }
  const folder = await open(dirname(path), 'r')
  await folder.sync().finally(() => folder.close())
}

/** Writes a document for people and programs: two spaces, a line end. */
export const writeJson = (path: string, value: Json, mode?: number): Promise<void> =>
  writeFileWhole(path, utf8(`${JSON.stringify(value, null, 2)}\n`), mode)

/**
 * Reads a file of at most `maxBytes`; null where there is none.
 * @throws sdk/file-unreadable
 */
export async function readBytes(path: string, maxBytes = 16 << 20): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    const { size } = await stat(path)
    if (size > maxBytes) throw new RangeError(`larger than ${maxBytes} bytes`)
    return new Uint8Array(await readFile(path))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw fail('file-unreadable', { cause, actual: path, meta: { reason: (cause as Error).message } })
  }
}

/** Paths of the files in a folder, by name and not below it; the path itself where it is a file. @throws sdk/file-unreadable */
export async function filesAt(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    const entries = await readdir(path, { withFileTypes: true })
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(path, entry.name))
      .sort()
  } catch (cause) {
    throw fail('file-unreadable', { cause, actual: path, meta: { reason: (cause as Error).message } })
  }
}

/**
 * Reads JSON of at most `maxBytes`; null where there is no such file.
 * @throws sdk/file-unreadable
 */
export async function readJson(path: string, maxBytes = 16 << 20): Promise<unknown> {
  try {
    const content = await readFile(path)
    if (content.length > maxBytes) throw new RangeError(`larger than ${maxBytes} bytes`)
    return JSON.parse(content.toString('utf8'))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw fail('file-unreadable', { cause, actual: path, meta: { reason: (cause as Error).message } })
  }
}
