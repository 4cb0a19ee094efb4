import { execFileSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { blobPath, type Manifest, parseManifest, signStorageReceipt } from '@allod/content'
import { folderSource } from '@allod/content/node'
import { fileJournal } from '@allod/content/node/journal'
import { openRange } from '@allod/content/open'
import { sealFolder } from '@allod/content/seal'
import type { Store } from '@allod/content/stores'
import { fromHex, type Hex, newSigningKey, Secret, toHex } from '@allod/protocol'
import { peakMb, report } from './measure.ts'
import { newSealing } from './sealing.ts'

/*
 * The memory that an object of as many chunks as there may be needs: 2^21, here of 64 KiB, so 128 GiB. It is sealed from a
 * file of holes, with a journal as owners keep one, and read back at its start and its end. The store keeps on disk what is
 * read back, and only signs for the rest. Chunks of 1 MiB need larger packs, not more leaves: `store` measures those.
 */

const MIB = 2 ** 20
const CHUNK_LOG2 = 16
// Full, but for the archive around the content.
const CONTENT_BYTES = 2 ** (21 + CHUNK_LOG2) - MIB
const READ_BYTES = 512 * MIB
const MAX_MEMORY_MB = 256

/** Keeps raw blobs, and the packs among the first and last so many bytes. */
function partialStore(folder: string, key: Hex): Store {
  const signer = newSigningKey(fromHex(key))
  const pathOf = (ref: Parameters<Store['get']>[0]): string => join(folder, blobPath(ref).replace('/', '-'))
  let putBytes = 0
  return {
    id: signer.address,
    async put(ref, body) {
      const isKept = ref.kind === 'raw' || putBytes < READ_BYTES || putBytes > CONTENT_BYTES - READ_BYTES
      if (isKept) await writeFile(pathOf(ref), body.pieces())
      if (ref.kind === 'pack') putBytes += body.sizeBytes
      return signStorageReceipt(signer, { digest: ref.digest, sizeBytes: body.sizeBytes, time: 0 })
    },
    get: (ref, { range } = {}) =>
      createReadStream(
        pathOf(ref),
        range ? { start: range.start, end: range.end - 1 } : {},
      ) as AsyncIterable<Uint8Array>,
    has: async (refs) => refs.map(() => false),
    stat: async () => null,
    health: async () => ({ usedBytes: 0, freeBytes: 0 }),
  }
}

type Sealed = { readonly manifest: Manifest; readonly dek: Hex }

const parts: Readonly<Record<string, (home: string, store: Store) => Promise<void>>> = {
  async seal(home, store) {
    const journal = fileJournal(join(home, 'journal'), new Secret(new Uint8Array(32)))
    const options = { ...(await newSealing()), stores: [store], chunkLog2: CHUNK_LOG2, journal }
    const { manifest, dek } = await sealFolder(await folderSource(join(home, 'folder')), options)
    await writeFile(join(home, 'sealed.json'), JSON.stringify({ manifest, dek: toHex(dek.expose()) } satisfies Sealed))
    report('peak memory of sealing 128 GiB in 2^21 chunks', peakMb('self'), 'MB', MAX_MEMORY_MB)
  },
  async open(home, store) {
    const sealed = JSON.parse(await readFile(join(home, 'sealed.json'), 'utf8')) as Sealed
    const [manifest, dek] = [parseManifest(sealed.manifest), new Secret(fromHex(sealed.dek))]
    const options = { manifest, dek, stores: [store], isTransient: true }
    for (const start of [0, CONTENT_BYTES - READ_BYTES / 2]) {
      let left = READ_BYTES / 2
      for await (const piece of openRange(options, { start, end: start + left })) left -= piece.length
      if (left !== 0) throw new Error(`${left} bytes are missing`)
    }
    report('peak memory of opening parts of it', peakMb('self'), 'MB', MAX_MEMORY_MB)
  },
}

const [part, ...given] = process.argv.slice(2)
if (part === undefined) {
  const home = await mkdtemp(join(tmpdir(), 'allod-bench-'))
  try {
    await mkdir(join(home, 'folder'))
    await writeFile(join(home, 'folder', 'model.safetensors'), '')
    await truncate(join(home, 'folder', 'model.safetensors'), CONTENT_BYTES)
    const key = toHex(crypto.getRandomValues(new Uint8Array(32)))
    for (const name of Object.keys(parts))
      execFileSync(process.execPath, [fileURLToPath(import.meta.url), name, home, key], { stdio: 'inherit' })
  } finally {
    await rm(home, { recursive: true })
  }
} else {
  const [home, key] = given as [string, Hex]
  await parts[part]?.(home, partialStore(home, key))
}
