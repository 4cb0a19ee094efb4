import { openModelFolder, openTokenizer } from '@allod/models'
import { offerKinds, policyHash } from '@allod/protocol'
import type { Allod } from '../allod.ts'
import type { Wallet } from '../wallet/wallet.ts'
import { type OfferLimits, type Posted, type Price, postOffer, type Subject } from './postOffer.ts'
import { readWhole } from './readWhole.ts'
import { type SealChoices, type SealedHere, sealObject } from './sealObject.ts'

export type PublishChoices = SealChoices & {
  readonly summary?: string
  readonly price: Price
  readonly limits?: OfferLimits
}

/** An object that can be ordered. */
export type PublishedObject = SealedHere & { readonly posted: Posted }

/**
 * Checks a model folder, seals it, registers it and posts a priced offer.
 * @throws models/pickle-refused, models/tokenizer-missing, models/unsupported-architecture and the other refusals of a
 * model folder, before anything is sealed; sdk/not-your-policy, content/…, chain errors
 */
export async function publishModel(allod: Allod, wallet: Wallet, choices: PublishChoices): Promise<PublishedObject> {
  const { name, summary = '', price, limits } = choices
  const facts = await modelFacts(choices)
  const sealed = await sealObject(allod, wallet, choices)
  const posted = await postOffer(allod, wallet, {
    subject: objectSubject(sealed),
    price,
    limits,
    description: { version: 1, kind: 'model', name, summary, facts },
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

async function modelFacts({ folder }: PublishChoices): Promise<{ readonly [name: string]: string }> {
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
