import { blobPath, type FileSink, type FolderSource, signStorageReceipt } from '@allod/content'
import { openFolder } from '@allod/content/open'
import { type SealedObject, sealFolder } from '@allod/content/seal'
import type { Store } from '@allod/content/stores'
import { newSigningKey } from '@allod/protocol'
import { cpuSeconds, opensslSpeed, report } from './measure.ts'
import { newSealing } from './sealing.ts'

/*
 * Sealing and opening against what OpenSSL does on this machine: AES-256-GCM and SHA-256 one after the other, by CPU time of
 * the whole process, all in the same run, in turn. Stores take and give bytes in memory: the format's own work is measured,
 * not the network's.
 */

const MIB = 2 ** 20
// As large as models are: the buffers of a pack and a half, 96 MiB, are made once and weigh a twentieth of it at most.
const CONTENT_BYTES = 4096 * MIB
const ROUNDS = 3
const TARGET = 0.7

const block = new Uint8Array(MIB).fill(7)

/** One large file, as models are. */
const folder: FolderSource = {
  files: [{ path: 'model.safetensors', sizeBytes: CONTENT_BYTES, isExecutable: false }],
  async *read() {
    for (let at = 0; at < CONTENT_BYTES; at += MIB) yield block
  },
}

// A store signs receipts on its own machine: not counted here.
let signingSeconds = 0

/** Keeps what it is given, or only reads it. */
function memory(isKept: boolean): Store {
  const key = newSigningKey()
  const blobs = new Map<string, Uint8Array>()
  return {
    id: key.address,
    async put(ref, body) {
      const kept = new Uint8Array(isKept ? body.sizeBytes : 0)
      let at = 0
      for await (const piece of body.pieces()) {
        if (isKept) kept.set(piece, at)
        at += piece.length
      }
      blobs.set(blobPath(ref), kept)
      const before = process.cpuUsage()
      const receipt = signStorageReceipt(key, { digest: ref.digest, sizeBytes: body.sizeBytes, time: 0 })
      const { user, system } = process.cpuUsage(before)
      signingSeconds += (user + system) / 1e6
      return receipt
    },
    async *get(ref, { range } = {}) {
      yield (blobs.get(blobPath(ref)) as Uint8Array).subarray(range?.start, range?.end)
    },
    has: async (refs) => refs.map(() => false),
    stat: async () => null,
    health: async () => ({ address: key.address, usedBytes: 0, freeBytes: 0 }),
  }
}

/** Opens the folder and drops what it holds. */
async function drain({ manifest, dek }: SealedObject, stores: readonly Store[]): Promise<void> {
  let bytes = 0
  const sink: FileSink = {
    write: async (piece) => {
      bytes += piece.length
    },
    commit: async () => {},
    discard: async () => {},
  }
  await openFolder({ manifest, dek, stores }, { open: async () => sink })
  if (bytes !== CONTENT_BYTES) throw new Error(`opened ${bytes} bytes`)
}

const options = await newSealing()
const kept = [memory(true)]
const object = await sealFolder(folder, { ...options, stores: kept })
// Whatever else the machine does only slows things down, so the best round of each counts.
const best = { gcm: 0, sha: 0, seal: 0, open: 0 }
for (let round = 0; round < ROUNDS; round++) {
  best.gcm = Math.max(best.gcm, opensslSpeed('aes-256-gcm', MIB))
  best.sha = Math.max(best.sha, opensslSpeed('sha256', MIB))
  signingSeconds = 0
  const sealing = await cpuSeconds(() => sealFolder(folder, { ...options, stores: [memory(false)] }))
  best.seal = Math.max(best.seal, CONTENT_BYTES / (sealing - signingSeconds))
  best.open = Math.max(best.open, CONTENT_BYTES / (await cpuSeconds(() => drain(object, kept))))
}
const limit = 1 / (1 / best.gcm + 1 / best.sha)
report('seal, of the OpenSSL limit, 1 MiB chunks, CPU time', best.seal / limit, 'ratio', TARGET)
report('open, of the OpenSSL limit, 1 MiB chunks, CPU time', best.open / limit, 'ratio', TARGET)
