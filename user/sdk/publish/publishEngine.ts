import type { FolderSource } from '@allod/content'
import { publishTree } from '@allod/content/stores'
import { documentHash, type Hex, integer, list, offerKinds, record, type Shaped, text } from '@allod/protocol'
import type { Allod } from '../allod.ts'
import { descriptionShape } from '../listing/description.ts'
import type { Wallet } from '../wallet/wallet.ts'
import { type OfferLimits, type Posted, type Price, postOffer } from './postOffer.ts'

export type EngineChoices = {
  readonly folder: FolderSource
  readonly name: string
  readonly summary?: string
  /** The jobs it does, like `finetune`. */
  readonly kind: 'finetune' | 'serve' | 'run'
  readonly price: Price
  readonly limits?: OfferLimits
}

/** Stores an engine in the clear and offers it; its digest is its tree hash, so anyone can see what runs. */
export async function publishEngine(
  allod: Allod,
  wallet: Wallet,
  { folder, name, summary = '', kind, price, limits }: EngineChoices,
): Promise<{ readonly digest: Hex; readonly posted: Posted }> {
  const facts = { job: kind, files: String(folder.files.length) }
  const description = descriptionShape({ version: 1, kind: 'engine', name, summary, facts })
  const { treeHash } = await publishTree(folder, allod.stores)
  const posted = await postOffer(allod, wallet, {
    subject: { kind: offerKinds.engine, subject: treeHash },
    price,
    limits,
    description,
  })
  return { digest: treeHash, posted }
}

/** What a machine has, as compute offers describe it. */
export const machineShape = record({
  cpus: integer(1, 4096),
  memoryBytes: integer(),
  gpus: list(text(64), 16),
  /** Kind of TEE, like `tdx`, or `simulated`. */
  tee: text(32),
})
export type Machine = Shaped<typeof machineShape>

/** Offers a machine's time; its owner is the provider. */
export async function offerCompute(
  allod: Allod,
  wallet: Wallet,
  {
    machine,
    name,
    summary = '',
    price,
    limits,
  }: {
    readonly machine: Machine
    readonly name: string
    readonly summary?: string
    readonly price: Price
    readonly limits?: OfferLimits
  },
): Promise<{ readonly posted: Posted }> {
  const { cpus, memoryBytes, gpus, tee } = machineShape(machine)
  const facts = { cpus: String(cpus), memoryBytes: String(memoryBytes), gpus: gpus.join(', ') || 'none', tee }
  const posted = await postOffer(allod, wallet, {
    subject: { kind: offerKinds.compute, subject: documentHash('allod/machine-shape/v1', machine) },
    price,
    limits,
    description: { version: 1, kind: 'compute', name, summary, facts },
  })
  return { posted }
}
