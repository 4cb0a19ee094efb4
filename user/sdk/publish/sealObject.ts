import { type FolderSource, type Manifest, manifestObjectId, requireManifest } from '@allod/content'
import { fetchManifest } from '@allod/content/open'
import { sealFolder } from '@allod/content/seal'
import type { StoreFault } from '@allod/content/stores'
import { documentHash, type Hex, isAllodError, type Policy, policyHash, type Royalty } from '@allod/protocol'
import { type Allod, writerOf } from '../allod.ts'
import { fail } from '../errors.ts'
import { objectHolders } from '../object/objectHolders.ts'
import type { Wallet } from '../wallet/wallet.ts'
import type { SealingJournal, WatchedFolder } from './SealingJournal.ts'

export type SealChoices = {
  readonly folder: FolderSource
  readonly policy: Policy
  /** Known only to those who may open the object. */
  readonly name: string
  /** Hides the exact size; datasets do so unless told otherwise. */
  readonly isPadded?: boolean
  /** Lets a broken-off sealing go on, and finds what the same content became before. */
  readonly journal?: SealingJournal
  readonly onProgress?: (sealedBytes: number) => void
  /** Told of every store that failed or lied. */
  readonly onFault?: (fault: StoreFault) => void
  readonly signal?: AbortSignal
}

/** Something sealed and registered. */
export type SealedHere = {
  readonly objectId: Hex
  readonly manifestHash: Hex
  readonly manifest: Manifest
  /** Of the registration; null where the object was registered before. */
  readonly transaction: Hex | null
}

const REPLICAS = 2

/**
 * Seals a folder on this device to the network's committee, stores it at least twice and registers it. Its key is not kept.
 * With a journal, content that was sealed before and that enough stores still hold is that object again.
 * @throws sdk/not-your-policy, content/too-few-replicas, content/file-changed, chain errors
 */
export async function sealObject(allod: Allod, wallet: Wallet, choices: SealChoices): Promise<SealedHere> {
  const { policy } = choices
  if (policy.owner !== wallet.key.address)
    throw fail('not-your-policy', { expected: wallet.key.address, actual: policy.owner })
  const known = await sealedBefore(allod, choices)
  const sealed = known ?? (await sealNow(allod, wallet, choices))
  return { ...sealed, transaction: await register(allod, wallet, sealed.objectId, sealed.manifest) }
}

type Sealed = Omit<SealedHere, 'transaction'>

async function sealNow(allod: Allod, wallet: Wallet, choices: SealChoices): Promise<Sealed> {
  const { network, stores } = allod
  const { policy, name, isPadded = false, journal, onProgress, onFault, signal } = choices
  const watched = journal?.watch(choices.folder)
  const { dek, objectId, manifestHash, manifest } = await sealFolder(watched?.folder ?? choices.folder, {
    policy,
    committee: network.committee,
    chainId: BigInt(network.chainId),
    assets: network.addresses.assets,
    signer: wallet.key,
    stores,
    metadata: { name },
    replicas: REPLICAS,
    isPadded,
    ...(journal ? { journal: journal.chunks } : {}),
    ...(onProgress ? { onProgress: (p) => onProgress(p.sealedBytes) } : {}),
    ...(onFault ? { onFault } : {}),
    ...(signal ? { signal } : {}),
  })
  dek.erase()
  if (journal && watched)
    await journal.keep({ version: 1, identity: await identityOf(allod, choices, watched), manifestHash })
  return { objectId, manifestHash, manifest }
}

/** What would be sealed, and for where: shares are bound to the contract. */
const identityOf = async (
  { network }: Allod,
  { policy, name, isPadded = false }: SealChoices,
  watched: WatchedFolder,
) =>
  documentHash('allod/sealed-content/v1', {
    ...{ chainId: network.chainId, assets: network.addresses.assets },
    ...{ policy: policyHash(policy), name, isPadded, content: await watched.fingerprint() },
  })

/** The object that the same content became, where enough stores still hold it and it may be ordered. */
async function sealedBefore(allod: Allod, choices: SealChoices): Promise<Sealed | null> {
  const { folder, journal } = choices
  const note = (await journal?.note()) ?? null
  if (journal === undefined || note === null) return null
  if (note.identity !== (await identityOf(allod, choices, journal.watch(folder)))) return null
  const { manifestHash } = note
  try {
    const manifest = await fetchManifest(allod.stores, manifestHash)
    const objectId = manifestObjectId(manifest)
    requireManifest(manifest, { objectId })
    const [{ holders }, { standing }] = await Promise.all([
      objectHolders(allod, manifest),
      allod.chain.latest().then((view) => view.asset(objectId)),
    ])
    const isGood = holders.length >= REPLICAS && standing !== 'retired'
    return isGood ? { objectId, manifestHash, manifest } : null
  } catch (error) {
    if (!isAllodError(error)) throw error
    return null
  }
}

async function register(allod: Allod, wallet: Wallet, objectId: Hex, manifest: Manifest): Promise<Hex | null> {
  const view = await allod.chain.latest()
  const { standing } = await view.asset(objectId)
  if (standing !== 'unknown') return null
  const { policy, header } = manifest
  const { transaction } = await writerOf(allod, wallet).send('assets', 'register', [
    header,
    policyHash(policy),
    royaltyArgs(policy.royalties.self),
  ])
  return transaction
}

/** A royalty as the contract takes it. */
export const royaltyArgs = ({ bps, floorPerSecond, floorPerOrder }: Royalty) => ({
  bps,
  floorPerSecond: BigInt(floorPerSecond),
  floorPerOrder: BigInt(floorPerOrder),
})
