import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, opendir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { isAllodError, type Json, utf8 } from '@allod/protocol'
import { fail } from '../errors.ts'

/** Makes a folder that only its owner may enter. */
export async function ownFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  await chmod(path, 0o700)
}

/** What a run that was killed left in a folder that was there; no other name is taken for it. */
const LEFT = /^\.allod-[0-9a-f]{12}\.part$/

/**
 * Lets others fill a folder. What they write gets its place only when all of it is there, and is for its owner only: the
 * folder, whether it is made or was there and empty, and everything in it. Broken off, it can be done again. Whatever names
 * of files come, they replace nothing.
 * @throws sdk/folder-not-empty, sdk/file-unwritable, and what `fill` throws
 */
export async function fillFolder<T>(path: string, fill: (folder: string) => Promise<T>): Promise<T> {
  const target = resolve(path)
  const left = await leftInEmpty(target)
  const isThere = left !== null
  const id = randomBytes(6).toString('hex')
  const part = isThere ? join(target, `.allod-${id}.part`) : `${target}.${id}.part`
  const orUnwritable = (cause: unknown): never => {
    throw fail('file-unwritable', { cause, actual: path })
  }
  for (const name of left ?? []) await rm(join(target, name), { recursive: true, force: true }).catch(orUnwritable)
  await mkdir(dirname(target), { recursive: true }).catch(orUnwritable)
  if (isThere) await chmod(target, 0o700).catch(orUnwritable)
  await mkdir(part, { mode: 0o700 }).catch(orUnwritable)
  try {
    const filled = await fill(part)
    await closeToOthers(part).catch(orUnwritable)
    if (isThere) {
      // Something may have got there meanwhile.
      await leftInEmpty(target)
      for (const name of await readdir(part)) await rename(join(part, name), join(target, name)).catch(orUnwritable)
    } else await rename(part, target).catch(orUnwritable)
    return filled
  } finally {
    await rm(part, { recursive: true, force: true })
  }
}

/** Takes from everybody but the owner what they might do with what is in a folder; programs stay programs. */
async function closeToOthers(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) await chmod(path, 0o700)
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o700 : 0o600)
  }
}

/** What killed runs left in a folder that is empty otherwise; null where there is none. @throws sdk/folder-not-empty, sdk/file-unwritable */
async function leftInEmpty(path: string): Promise<readonly string[] | null> {
  try {
    const left: string[] = []
    for await (const { name } of await opendir(path)) {
      if (!LEFT.test(name)) throw fail('folder-not-empty', { actual: path })
      left.push(name)
    }
    return left
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw isAllodError(cause) ? cause : fail('file-unwritable', { cause, actual: path })
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
