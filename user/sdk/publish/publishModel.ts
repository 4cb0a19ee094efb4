import type { FolderSource } from '@allod/content'
import { openModelFolder, openTokenizer } from '@allod/models'
import { offerKinds, policyHash } from '@allod/protocol'
import type { Allod } from '../allod.ts'
import { descriptionShape } from '../listing/description.ts'
import type { Wallet } from '../wallet/wallet.ts'
import { type OfferLimits, type Posted, type Price, postOffer, type Subject } from './postOffer.ts'
import { readWhole } from './readWhole.ts'
import { type SealChoices, type SealedHere, sealObject } from './sealObject.ts'

export type PublishChoices = SealChoices & {
  readonly summary?: string
  /** What `modelFacts` found in this folder, where that was asked before; it is asked here unless given. */
  readonly facts?: ModelFacts
  readonly price: Price
  readonly limits?: OfferLimits
}

/** Figures of a model, as its offer shows them. */
export type ModelFacts = { readonly [name: string]: string }

/** An object that can be ordered. */
export type PublishedObject = SealedHere & { readonly posted: Posted }

/**
 * Checks a model folder and the words on it, seals it, registers it and posts a priced offer.
 * @throws models/pickle-refused, models/tokenizer-missing, models/unsupported-architecture and the other refusals of a
 * model folder, protocol/bad-shape of words, before anything is sealed; sdk/not-your-policy, content/…, chain errors
 */
export async function publishModel(allod: Allod, wallet: Wallet, choices: PublishChoices): Promise<PublishedObject> {
  const { folder, name, summary = '', price, limits } = choices
  const facts = choices.facts ?? (await modelFacts(folder))
  const description = descriptionShape({ version: 1, kind: 'model', name, summary, facts })
  const sealed = await sealObject(allod, wallet, choices)
  const posted = await postOffer(allod, wallet, {
    subject: objectSubject(sealed),
    price,
    limits,
    description,
  })
  return { ...sealed, posted }
}

/** An object as offers name it. */
export const objectSubject = ({
  objectId,
  manifestHash,
  manifest: { policy },
}: Pick<SealedHere, 'objectId' | 'manifestHash' | 'manifest'>): Subject => ({
  kind: offerKinds.object,
  subject: objectId,
  manifestHash,
  policyHash: policyHash(policy),
  committee: policy.committee,
})

/**
 * Checks a model folder, and gives its figures.
 * @throws models/pickle-refused, models/tokenizer-missing, models/unsupported-architecture and the other refusals of one
 */
export async function modelFacts(folder: FolderSource): Promise<ModelFacts> {
  const files = await readWhole(folder)
  const { config, tensors } = openModelFolder(files)
  openTokenizer(files)
  const parameters = [...tensors.values()].reduce((sum, t) => sum + t.shape.reduce((a, b) => a * b, 1), 0)
  return {
    architecture: config.architecture,
    parameters: String(parameters),
    layers: String(config.layers),
    positions: String(config.positions),
    vocabulary: String(config.vocabularySize),
  }
}
