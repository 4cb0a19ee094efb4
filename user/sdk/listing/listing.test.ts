import type { OfferStanding, PostedOffer } from '@allod/chain'
import type { Hex, Offer } from '@allod/protocol'
import { expect, test } from 'vitest'
import type { Allod } from '../allod.ts'
import { fill } from '../testing/sampleReport.ts'
import { getOffer, listOffers } from './listing.ts'

/** More than anybody posts for a test: what a chain would say of so many. */
const COUNT = 501
const hashOf = (i: number): Hex => `0x${String(i).padStart(6, '0')}${'0'.repeat(58)}`
const offer: Offer = {
  ...{ owner: fill(20, 1), payee: fill(20, 1), token: fill(20, 2), kind: 1, subject: fill(32, 3) },
  ...{ manifestHash: fill(32, 0), policyHash: fill(32, 0), committee: fill(32, 0), terms: fill(32, 0) },
  ...{ perSecond: '1', perOrder: '0', minSeconds: 1, maxSeconds: 10, capacity: 0, maxRuns: 0, expiry: 100 },
  ...{ epoch: 0, salt: fill(32, 4) },
}
const posted = Array.from({ length: COUNT }, (_, i): PostedOffer => {
  const where = { location: '', block: BigInt(i), transaction: fill(32, 5) }
  return { hash: hashOf(i), offer, signature: fill(65, 6), ...where }
})
const standing: OfferStanding = { epoch: 0, isRevoked: false, running: 0, runs: 0 }
const view = { block: { time: 1 }, offersPosted: async () => posted, offer: async () => standing }
const allod = { network: { fromBlock: 0 }, stores: [], chain: { latest: async () => view } } as unknown as Allod

test('lists every offer there is, however many, newest first', async () => {
  expect((await listOffers(allod)).map(({ hash }) => hash)).toEqual(posted.map(({ hash }) => hash).reverse())
})

test('finds the oldest of many by the beginning of its hash', async () => {
  expect((await getOffer(allod, hashOf(0).slice(0, 12))).hash).toBe(hashOf(0))
})
