import { isHex } from '@allod/protocol'
import { type Allod, getOffer, type ObjectFacts, objectOf } from '@allod/sdk'

/**
 * A sealed object by its manifest's hash, or by an offer on it.
 * @throws content/no-replica, sdk/unknown-offer, sdk/ambiguous-offer
 */
export async function namedObject(allod: Allod, named: string): Promise<ObjectFacts> {
  // A hash may be a manifest's or an offer's; the stores know the first, the chain the second.
  const direct = isHex(named, 32) ? await objectOf(allod, named).catch(() => null) : null
  return direct ?? objectOf(allod, (await getOffer(allod, named)).offer.manifestHash)
}
