import type { FolderSource, Manifest } from '@allod/content'
import { type Journal, sealFolder } from '@allod/content/seal'
import type { StoreFault } from '@allod/content/stores'
import { type Hex, type Policy, policyHash, type Royalty } from '@allod/protocol'
import { type Allod, writerOf } from '../allod.ts'
import { fail } from '../errors.ts'
import type { Wallet } from '../wallet/wallet.ts'

export type SealChoices = {
  readonly folder: FolderSource
  readonly policy: Policy
  /** Known only to those who may open the object. */
  readonly name: string
  /** Hides the exact size; datasets do so unless told otherwise. */
  readonly isPadded?: boolean
  /** Lets a broken-off sealing go on. */
  readonly journal?: Journal
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

/**
 * Seals a folder on this device to the network's committee, stores it at least twice and registers it. Its key is not kept.
 * @throws sdk/not-your-policy, content/too-few-replicas, content/file-changed, chain errors
 */
export async function sealObject(allod: Allod, wallet: Wallet, choices: SealChoices): Promise<SealedHere> {
  const { network, stores } = allod
  const { folder, policy, name, isPadded = false, journal, onProgress, onFault, signal } = choices
  if (policy.owner !== wallet.key.address)
    throw fail('not-your-policy', { expected: wallet.key.address, actual: policy.owner })
  const sealed = await sealFolder(folder, {
    policy,
    committee: network.committee,
    chainId: BigInt(network.chainId),
    assets: network.addresses.assets,
    signer: wallet.key,
    stores,
    metadata: { name },
    isPadded,
    ...(journal ? { journal } : {}),
    ...(onProgress ? { onProgress: (p) => onProgress(p.sealedBytes) } : {}),
    ...(onFault ? { onFault } : {}),
    ...(signal ? { signal } : {}),
  })
  sealed.dek.erase()
  const { objectId, manifestHash, manifest } = sealed
  return { objectId, manifestHash, manifest, transaction: await register(allod, wallet, objectId, manifest) }
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
