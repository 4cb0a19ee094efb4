import { randomUUID } from 'node:crypto'
import { link, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fromHex, newSigningKey, type SigningKey, toHex } from '@allod/protocol'
import { fail } from './errors.ts'

/**
 * The signing key in a file, made where there is none: 0x and 64 hex digits, readable by its owner alone.
 * @throws store/bad-key-file
 */
export async function readKeyFile(path: string): Promise<SigningKey> {
  try {
    await create(path)
    if (((await stat(path)).mode & 0o077) !== 0) throw new Error('others may read it')
    return newSigningKey(fromHex((await readFile(path, 'utf8')).trim(), 32))
  } catch (cause) {
    throw fail('bad-key-file', { cause, meta: { path } })
  }
}

// Whole or not at all: it is written beside its place and linked there, which overwrites nothing.
async function create(path: string): Promise<void> {
  if ((await stat(path).catch(ifMissing)) !== null) return
  const beside = `${path}.${randomUUID()}.part`
  try {
    const file = await open(beside, 'wx', 0o600)
    try {
      await file.writeFile(`${toHex(newSigningKey().secret.expose())}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(beside, path).catch((error: NodeJS.ErrnoException) => {
      // Somebody else was first, and made the key.
      if (error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(beside, { force: true })
  }
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function ifMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
