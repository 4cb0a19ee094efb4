import {
  type Committee,
  committeeId,
  type Hex,
  isAllodError,
  type Json,
  type Policy,
  policyHash,
  Secret,
  type SigningKey,
  toHex,
} from '@allod/protocol'
import { rawBody, rawRef } from '../blob.ts'
import { newChunkCipher } from '../chunkCipher.ts'
import { fail } from '../errors.ts'
import { encodeHeader, type HeaderStart } from '../header.ts'
import { paddedLength } from '../layout.ts'
import { encodeManifest, type Manifest, manifestHash, manifestRef, signManifest } from '../manifest.ts'
import { sealMetadata } from '../metadata.ts'
import { objectIdOf } from '../objectId.ts'
import { type ObjectKeys, objectKeys } from '../objectKeys.ts'
import { sealShares } from '../shares.ts'
import type { StorageReceipt } from '../storageReceipt.ts'
import { requireRunning } from '../stores/fetchBlob.ts'
import { newReplicas, type Replicas } from '../stores/replicas.ts'
import type { Store, StoreFault } from '../stores/Store.ts'
import { cutChunks } from './chunks.ts'
import type { Journal, JournalStart } from './Journal.ts'
import { newLeafList } from './leafList.ts'
import { newPackWriter, type WrittenTable } from './packWriter.ts'

export type SealOptions = {
  /** Part of the object's identity; names the owner and the committee. */
  readonly policy: Policy
  readonly committee: Committee
  readonly chainId: bigint
  /** The Assets contract, which the shares are bound to. */
  readonly assets: Hex
  /** Signs the manifest: the owner's key, or for outputs the enclave's. */
  readonly signer: SigningKey
  readonly stores: readonly Store[]
  /** How many stores must hold everything; 2 unless told. */
  readonly replicas?: number
  /** What only those who may open the object should read, such as its name. */
  readonly metadata?: Json
  /** Hides the exact length behind zeros; the content must mark its own end, as archives do. */
  readonly isPadded?: boolean
  /** Chunk size as a power of two, 16..22; 20 (1 MiB) unless told. */
  readonly chunkLog2?: number
  /** Lets a crashed sealing go on. Enclaves never give one. */
  readonly journal?: Journal | null
  /** Told of each piece of the content that is not needed any more, so that its memory can be used again. */
  readonly release?: (piece: Uint8Array) => void
  readonly onProgress?: (progress: SealProgress) => void
  readonly onFault?: (fault: StoreFault) => void
  readonly signal?: AbortSignal
}

/** Plaintext bytes encrypted so far. */
export type SealProgress = { readonly sealedBytes: number }

export type SealedObject = {
  readonly objectId: Hex
  readonly manifest: Manifest
  readonly manifestHash: Hex
  /** The object's key. Erase it, or keep it as a recovery share of one. */
  readonly dek: Secret
  /** Each remaining store's receipt for the manifest; it is sent last, after everything it names. */
  readonly receipts: readonly StorageReceipt[]
  readonly faults: readonly StoreFault[]
}

/**
 * Encrypts a stream under a fresh key, splits the key to the committee and stores everything, the manifest last. Memory is
 * bounded by two packs of 64 MiB, whatever the length; without a journal, leaves are kept there too, 32 bytes a chunk.
 * @param open gives the content from its start, once more where a journal turns out not to fit it
 * @throws content/bad-committee, content/too-few-replicas, content/object-too-large, content/journal-busy, content/aborted
 */
export async function sealStream(open: () => AsyncIterable<Uint8Array>, options: SealOptions): Promise<SealedObject> {
  const { committee, policy, chunkLog2 = 20, isPadded = false, journal = null } = options
  if (committee.t < 2 || committeeId(committee) !== policy.committee)
    throw fail('bad-committee', {
      expected: policy.committee,
      actual: committeeId(committee),
      meta: { t: committee.t },
    })
  try {
    const found = await journal?.load()
    if (found && found.start.chunkLog2 === chunkLog2 && found.start.isPadded === isPadded) {
      try {
        return await seal(open, options, found.start, found.leafCount)
      } catch (error) {
        // The rule of the format: what was sealed once under this key may not be sealed differently. Start over.
        if (!isAllodError(error, 'content/source-changed')) throw error
      }
    } else found?.start.dek.erase()
    const random = (): Uint8Array => crypto.getRandomValues(new Uint8Array(32))
    const start = { dek: new Secret(random()), salt: random(), chunkLog2, isPadded }
    await journal?.begin(start)
    return await seal(open, options, start, 0)
  } finally {
    await journal?.close()
  }
}

async function seal(
  open: () => AsyncIterable<Uint8Array>,
  options: SealOptions,
  { dek, salt, chunkLog2, isPadded }: JournalStart,
  recorded: number,
): Promise<SealedObject> {
  const { journal = null, onProgress } = options
  // Whatever ends the sealing also ends the uploads under way.
  const stop = new AbortController()
  const signal = options.signal ? AbortSignal.any([stop.signal, options.signal]) : stop.signal
  const keys = await objectKeys(dek, salt)
  const start: HeaderStart = { chunkLog2, isPadded, salt, keyCommitment: keys.keyCommitment }
  const replicas = newReplicas(options.stores, { replicas: options.replicas ?? 2, signal, onFault: options.onFault })
  const list = journal ?? newLeafList()
  const writer = newPackWriter({ chunkLog2, cipher: newChunkCipher(keys, start), replicas, list, recorded })
  try {
    let lengthBytes = 0
    const source = isPadded ? padded(open(), chunkLog2) : open()
    for await (const chunk of cutChunks(source, 2 ** chunkLog2, options.release)) {
      requireRunning(signal)
      await writer.add(chunk)
      lengthBytes += chunk.sizeBytes
      onProgress?.({ sealedBytes: lengthBytes })
    }
    const table = await writer.finish()
    const header = encodeHeader({ ...start, lengthBytes, root: table.root })
    const sealed = await finish(options, { header, table, keys, dek, replicas })
    await journal?.clear()
    return sealed
  } catch (error) {
    stop.abort()
    dek.erase()
    throw error
  }
}

type Content = {
  readonly header: Uint8Array
  readonly table: WrittenTable
  readonly keys: ObjectKeys
  readonly dek: Secret
  readonly replicas: Replicas
}

async function finish(options: SealOptions, { header, table, keys, dek, replicas }: Content): Promise<SealedObject> {
  const { policy, committee, chainId, assets, metadata = {} } = options
  const version = 1
  const objectId = objectIdOf(header, policy.owner, policyHash(policy))
  await replicas.put(rawRef(table.digest), table.body)
  const manifest = signManifest(
    {
      format: 1,
      header: toHex(header),
      owner: policy.owner,
      policy,
      leafTable: table.digest,
      t: committee.t,
      shares: await sealShares(dek, committee, { chainId, assets, objectId }),
      metadata: await sealMetadata(keys, { objectId, version, metadata }),
      version,
    },
    options.signer,
  )
  const hash = manifestHash(manifest)
  const receipts = await replicas.put(manifestRef(hash), rawBody(encodeManifest(manifest)))
  return { objectId, manifest, manifestHash: hash, dek, receipts, faults: replicas.faults }
}

const ZEROS = new Uint8Array(1 << 16)

async function* padded(source: AsyncIterable<Uint8Array>, chunkLog2: number): AsyncGenerator<Uint8Array, void> {
  let length = 0
  for await (const piece of source) {
    length += piece.length
    yield piece
  }
  for (let left = paddedLength(length, chunkLog2) - length; left > 0; left -= ZEROS.length)
    yield ZEROS.subarray(0, Math.min(left, ZEROS.length))
}
