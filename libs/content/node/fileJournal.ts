import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { concat, equalBytes, Secret, utf8 } from '@allod/protocol'
import { newAead, TAG_BYTES } from '../aead.ts'
import { fail } from '../errors.ts'
import { LEAF_BYTES } from '../merkle.ts'
import type { Journal, JournalStart } from '../seal/Journal.ts'
import { type Lock, takeLock } from './takeLock.ts'

const MAGIC = utf8('allod/journal/v1')
const NONCE_BYTES = 12
const START_BYTES = 32 + 32 + 2
const HEAD_BYTES = MAGIC.length + NONCE_BYTES + START_BYTES + TAG_BYTES

/**
 * A sealing journal in one file: the DEK sealed under the caller's key, then 32 bytes per leaf. Each append is synced before
 * it resolves; a leaf torn by a crash is left out, for its chunk was never sent. From `load` or `begin` to `close` no other
 * process may have it.
 * @param key 32 bytes from the owner's keystore
 */
export function fileJournal(path: string, key: Secret): Journal {
  let file: FileHandle | null = null
  const forAppend = async (): Promise<FileHandle> => {
    file ??= await open(path, 'a', 0o600)
    return file
  }
  const closeFile = async (): Promise<void> => {
    await file?.close()
    file = null
  }
  let lock: Lock | null = null
  return {
    async load() {
      lock ??= lockOf(path)
      await closeFile()
      const found = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null
        throw error
      })
      if (found === null) return null
      try {
        const start = await openStart(await read(found, 0, HEAD_BYTES), key)
        const leafCount = Math.floor(((await found.stat()).size - HEAD_BYTES) / LEAF_BYTES)
        // What a crash tore off must go before anything is appended behind it.
        await found.truncate(HEAD_BYTES + leafCount * LEAF_BYTES)
        return { start, leafCount }
      } finally {
        await found.close()
      }
    },
    async begin(start) {
      lock ??= lockOf(path)
      await closeFile()
      const fresh = await open(`${path}.new`, 'w', 0o600)
      await fresh.writeFile(await sealStart(start, key))
      await fresh.sync()
      await fresh.close()
      await rename(`${path}.new`, path)
    },
    async append(leaves) {
      const handle = await forAppend()
      await handle.writeFile(leaves)
      await handle.datasync()
    },
    async leaves(first, end) {
      const handle = await open(path, 'r')
      try {
        return await read(handle, HEAD_BYTES + first * LEAF_BYTES, (end - first) * LEAF_BYTES)
      } finally {
        await handle.close()
      }
    },
    async clear() {
      await closeFile()
      await rm(path, { force: true })
    },
    async close() {
      await closeFile()
      lock?.release()
      lock = null
    },
  }
}

/** @throws content/journal-busy */
function lockOf(path: string): Lock {
  const lock = takeLock(`${path}.lock`)
  if (lock === null) throw fail('journal-busy')
  return lock
}

/** As many bytes as are there of those asked for. */
async function read(file: FileHandle, position: number, sizeBytes: number): Promise<Uint8Array> {
  const { bytesRead, buffer } = await file.read(new Uint8Array(sizeBytes), { position })
  return buffer.subarray(0, bytesRead)
}

async function sealStart({ dek, salt, chunkLog2, isPadded }: JournalStart, key: Secret): Promise<Uint8Array> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES))
  const plaintext = concat(dek.expose(), salt, Uint8Array.of(chunkLog2, isPadded ? 1 : 0))
  const sealed = new Uint8Array(START_BYTES + TAG_BYTES)
  await newAead(key.expose()).seal(nonce, MAGIC, [plaintext], sealed)
  plaintext.fill(0)
  return concat(MAGIC, nonce, sealed)
}

async function openStart(head: Uint8Array, key: Secret): Promise<JournalStart> {
  const nonce = head.subarray(MAGIC.length, MAGIC.length + NONCE_BYTES)
  const isOurs = head.length === HEAD_BYTES && equalBytes(head.subarray(0, MAGIC.length), MAGIC)
  const plaintext = isOurs
    ? await newAead(key.expose()).open(nonce, MAGIC, head.subarray(MAGIC.length + NONCE_BYTES))
    : null
  if (plaintext === null) throw fail('bad-journal')
  const start = {
    dek: new Secret(Uint8Array.from(plaintext.subarray(0, 32))),
    salt: Uint8Array.from(plaintext.subarray(32, 64)),
    chunkLog2: plaintext[64] as number,
    isPadded: plaintext[65] === 1,
  }
  plaintext.fill(0)
  return start
}
