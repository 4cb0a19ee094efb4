import { type Manifest, manifestHash, parseHeader, type StorageReceipt } from '@allod/content'
import { folderSource } from '@allod/content/node'
import { copyObject, openObject } from '@allod/content/open'
import { type SealedObject, sealFolder } from '@allod/content/seal'
import { SLOWEST_BYTES_PER_MS, type Store } from '@allod/content/stores'
import {
  committeeId,
  type Derived,
  derivePolicy,
  type Facts,
  fromHex,
  type JobDocument,
  type Parent,
  type Policy,
  policyHash,
  type ReportPredicate,
  type Secret,
  type SigningKey,
} from '@allod/protocol'
import { fail } from '../errors.ts'

/** A result, sealed: nobody can open it before its report is final and every policy lets it out. */
export type SealedOutput = {
  readonly manifest: Manifest
  readonly derived: Derived
  readonly output: ReportPredicate['outputs'][number]
  readonly storage: ReportPredicate['storage']
}

export type SealOutputOptions = {
  readonly name: string
  readonly folder: string
  readonly job: JobDocument
  readonly facts: Facts
  /** The sealed inputs, by id and policy. */
  readonly parents: readonly Parent[]
  readonly stores: readonly Store[]
  readonly signing: SigningKey
  /** How long stores that failed may take, all of them: a late report may be worth nothing, and one holder suffices. */
  readonly againMs?: number
  /** How long a store may take to give the result back, beside what its bytes take at 256 KB/s. */
  readonly readMs?: number
}

/**
 * Seals what the engine left in a folder to the committee, under the policy that its inputs derive, to every store of the
 * order, and reads it back from each before anything is said about it. One that failed gets it once more from those that hold
 * it. One that is down or lies is left out of the report: a result that one store holds is worth more than one that has to be
 * made again, and its buyer can copy it further (`allod object replicate`).
 * @throws runtime/output-refused, runtime/storage-failed, protocol/policies-exclude and the other refusals of a derived policy
 */
export async function sealOutput(options: SealOutputOptions): Promise<SealedOutput> {
  const { name, folder, job, facts, stores, signing } = options
  const policy = outputPolicy(options)
  if (committeeId(job.committee) !== policy.committee)
    throw fail('output-refused', { expected: policy.committee, meta: { clause: 'committee' } })
  const source = await folderSource(folder).catch(refuseFiles)
  const sizeBytes = source.files.reduce((sum, f) => sum + f.sizeBytes, 0)
  const limit = Math.min(policy.outputs.maxBytes, job.spec.limits.outputBytes)
  if (source.files.length === 0 || sizeBytes > limit)
    throw fail('output-refused', {
      expected: limit,
      actual: sizeBytes,
      meta: { clause: 'outputs.maxBytes', files: source.files.length },
    })
  const sealed = await sealFolder(source, {
    policy,
    committee: job.committee,
    chainId: BigInt(facts.chainId),
    assets: facts.assets,
    signer: signing,
    stores,
    metadata: { name, order: job.order },
    replicas: 1,
    isPadded: true,
  }).catch(refuseFiles)
  const { manifest, dek } = sealed
  const storage = await storeReceipts(sealed, options).finally(() => dek.erase())
  return {
    manifest,
    derived: {
      header: manifest.header,
      owner: policy.owner,
      policyHash: policyHash(policy),
      parents: [...policy.lineage],
    },
    output: {
      name,
      objectId: sealed.objectId,
      manifestHash: manifestHash(manifest),
      policyHash: policyHash(policy),
      owner: policy.owner,
    },
    storage,
  }
}

/** What is wrong with an engine's files would be so on another machine too. Their names stay inside: they may say anything. */
const ofFiles: readonly unknown[] = ['content/bad-path', 'content/not-a-file', 'content/folder-too-large', 'ENOENT']

function refuseFiles(error: unknown): never {
  const { code } = error as { readonly code?: unknown }
  if (!ofFiles.includes(code)) throw error
  throw fail('output-refused', { meta: { clause: code } })
}

function outputPolicy({ job, facts, parents }: SealOutputOptions): Policy {
  const [first, ...rest] = parents
  // Without a sealed input there is no policy to derive from, and no committee that anybody chose.
  if (first === undefined) throw fail('output-refused', { meta: { clause: 'inputs', reason: 'no sealed input' } })
  return derivePolicy(facts.buyer, job.spec.derived.royalty, [first, ...rest])
}

// A receipt is a promise; what was read back is a fact. Receipts of the stores that gave the whole object on their own.
async function storeReceipts(
  { manifest, dek, receipts: given }: SealedObject,
  { stores, againMs = 5000, readMs = 30_000 }: SealOutputOptions,
): Promise<StorageReceipt[]> {
  const holders: Store[] = []
  // A store that drips would else keep a finished order from its report.
  const mostMs = readMs + parseHeader(fromHex(manifest.header)).lengthBytes / SLOWEST_BYTES_PER_MS
  for (const store of stores) if (await isWhole(manifest, dek, store, AbortSignal.timeout(mostMs))) holders.push(store)
  const receipts = given.filter(({ by }) => holders.some(({ id }) => id === by.signer))
  if (holders.length === 0)
    throw fail('storage-failed', { expected: '>= 1', actual: 0, meta: { faults: stores.map((s) => s.id) } })
  const signal = AbortSignal.timeout(againMs)
  for (const to of stores.filter(({ id }) => !receipts.some(({ by }) => by.signer === id))) {
    const copied = await copyObject(manifest, { from: holders, to, signal }).catch(() => null)
    if (copied !== null && (await isWhole(manifest, dek, to, signal))) receipts.push(copied.receipt)
  }
  return receipts
}

async function isWhole(manifest: Manifest, dek: Secret, store: Store, signal: AbortSignal): Promise<boolean> {
  try {
    for await (const _ of openObject({ manifest, dek, stores: [store], signal }));
    return true
  } catch {
    return false
  }
}
