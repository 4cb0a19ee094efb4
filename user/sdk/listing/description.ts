import { cidOf, digestOfCid, rawBody, rawRef, requireStorageReceipt } from '@allod/content'
import { fetchBlob, type Store } from '@allod/content/stores'
import {
  type AllodError,
  canonicalise,
  dictionary,
  type Hex,
  isAllodError,
  oneOf,
  parseCanonical,
  record,
  type Shaped,
  sha256,
  text,
  toHex,
} from '@allod/protocol'
import { fail } from '../errors.ts'

// No character that a terminal obeys or that turns the direction of what follows: these words are shown to everybody.
const SHOWN = '[^\\p{Cc}\\u202a-\\u202e\\u2066-\\u2069]*'
const words = new RegExp(`^${SHOWN}$`, 'u')

/** What an offer's owner says of it in public. The offer's location commits to it by hash; its content is a claim. */
export const descriptionShape = record({
  version: oneOf(1),
  kind: oneOf('model', 'dataset', 'adapter', 'engine', 'compute'),
  name: text(64, new RegExp(`^(?=\\S)${SHOWN}(?<=\\S)$`, 'u')),
  summary: text(400, words),
  /** Figures and features, like parameters or memory. */
  facts: dictionary(text(200, words), 32),
})
export type Description = Shaped<typeof descriptionShape>
export type OfferKindName = Description['kind']

const MAX_BYTES = 1 << 14
const REPLICAS = 2
const SCHEME = 'ipfs://'

/**
 * Stores a description and gives the location that offers name: its CID.
 * @throws sdk/too-few-stores
 */
export async function storeDescription(stores: readonly Store[], description: Description): Promise<string> {
  const bytes = canonicalise(descriptionShape(description))
  const digest = toHex(sha256(bytes))
  const sizeBytes = bytes.length
  const outcomes = await Promise.all(
    stores.map(async (store): Promise<AllodError | null> => {
      try {
        const receipt = await store.put(rawRef(digest), rawBody(bytes))
        requireStorageReceipt(receipt, { store: store.id, digest, sizeBytes })
        return null
      } catch (error) {
        if (isAllodError(error)) return error
        throw error
      }
    }),
  )
  const faults = outcomes.filter((o) => o !== null)
  const held = outcomes.length - faults.length
  if (held < REPLICAS)
    throw fail('too-few-stores', {
      expected: REPLICAS,
      actual: held,
      cause: faults[0],
      meta: { faults: faults.map((f) => f.code) },
    })
  return SCHEME + cidOf(digest)
}

/** The description at a location; null where there is none, or where nobody has it: a listing is no reason to fail. */
export async function fetchDescription(stores: readonly Store[], location: string): Promise<Description | null> {
  try {
    if (!location.startsWith(SCHEME)) return null
    const digest: Hex = digestOfCid(location.slice(SCHEME.length))
    return descriptionShape(parseCanonical(await fetchBlob(stores, digest, { maxBytes: MAX_BYTES })))
  } catch (error) {
    if (isAllodError(error)) return null
    throw error
  }
}
