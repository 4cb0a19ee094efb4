import { open, readFile, stat } from 'node:fs/promises'
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

async function create(path: string): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return null
    throw error
  })
  if (file === null) return
  try {
    await file.writeFile(`${toHex(newSigningKey().secret.expose())}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
}
