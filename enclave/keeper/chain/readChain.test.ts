import type { AssetOnChain, ChainClient, OrderOnChain, View } from '@allod/chain'
import { fromHex, type Hex, sha256, toHex } from '@allod/protocol'
import { expect, test } from 'vitest'
import { newCase } from '../testing/newCase.ts'
import { hex20, hex32, NOW } from '../testing/party.ts'
import type { ChainQuery } from './ChainFacts.ts'
import { readChain } from './readChain.ts'

const measurement: Hex = `0x${'0c'.repeat(48)}`
const [order, maker, original, derived, ended] = [hex32(1), hex32(2), hex32(3), hex32(4), hex32(9)]

const orderSeen = (id: Hex): OrderOnChain =>
  ({
    ...{ order: id, state: 'active', job: 'finetune', isVested: true, isReported: false, isFailed: false },
    ...{
      committee: id === maker ? hex32(6) : hex32(5),
      enclave: id === maker ? hex20(8) : hex20(7),
      generation: 1,
      startedAt: NOW,
    },
    ...{ endsAt: NOW + 600, endedAt: id === ended ? NOW + 60 : 0 },
  }) as OrderOnChain

const assetSeen = (objectId: Hex): AssetOnChain => ({
  objectId,
  owner: objectId === derived ? hex20(9) : hex20(0),
  standing: objectId === derived ? 'live' : 'unknown',
  isDerived: objectId === derived,
  self: { bps: 7, floorPerSecond: '1', floorPerOrder: '2' },
  dues: [{ ancestor: hex32(6), owner: hex20(6), royalty: { bps: 9, floorPerSecond: '0', floorPerOrder: '0' } }],
})

type Asked = { readonly at: string; readonly keyRelease: unknown[] }

/** A chain that answers the above at two blocks, and remembers what was asked about keys. */
function chain(): { readonly client: ChainClient; readonly asked: Asked[] } {
  const asked: Asked[] = []
  const view = (at: string, time: number): View =>
    ({
      block: { number: '5', hash: hex32(5), time },
      order: async (id: Hex) => orderSeen(id),
      windows: async () => ({ startSeconds: 1, reportSeconds: 2, closeSeconds: 30 }),
      provider: async () => ({ key: hex20(3), payee: hex20(3), endpoints: '', machines: [hex32(3)] }),
      build: async (build: Hex) => ({ build, announcedAt: 9, from: 9, isRevoked: false, isApproved: true }),
      buildOf: async (name: Hex) => (name === toHex(sha256(fromHex(measurement))) ? hex32(0xb1) : null),
      asset: async (objectId: Hex) => assetSeen(objectId),
      originOf: async () => ({ market: hex20(1), order: maker }),
      async keyRelease(ask: object) {
        asked.push({ at, keyRelease: [ask] })
        return 'objectId' in ask && ask.objectId === derived ? { ok: false, reason: 'ObjectNotLive' } : { ok: true }
      },
    }) as unknown as View
  const client = { latest: async () => view('latest', NOW), final: async () => view('final', NOW - 9) } as ChainClient
  return { client, asked }
}

const query: ChainQuery = {
  at: 'final',
  order,
  release: null,
  provider: hex20(2),
  build: hex32(0xb1),
  measurement,
  objects: [original, derived].map((objectId) => ({ objectId, offer: hex32(0) })),
}

test('reads at the final block, and the time of the newest', async () => {
  const facts = await readChain(chain().client)(query)
  expect([facts.block.time, facts.headTime]).toEqual([NOW - 9, NOW])
  expect((await readChain(chain().client)({ ...query, at: 'latest' })).block.time).toBe(NOW)
})

test('tells when an order is over, by its term or by whoever ended it, and how long time before that counts', async () => {
  const read = readChain(chain().client)
  expect((await read(query)).order).toMatchObject({ endsAt: NOW + 600, closesAt: NOW + 630 })
  expect((await read({ ...query, order: ended })).order).toMatchObject({ endsAt: NOW + 60, closesAt: NOW + 90 })
})

test('names the enclave that made a derived object and the committee that let it in, and the build of a measurement', async () => {
  const { objects, build } = await readChain(chain().client)(query)
  expect(objects.map((o) => [o.standing, o.owner, o.origin])).toEqual([
    ['unknown', null, null],
    ['live', hex20(9), { order: maker, market: hex20(1), committee: hex32(6), enclave: hex20(8) }],
  ])
  expect(objects[1]?.dues).toEqual({ [hex32(6)]: { bps: 9, floorPerSecond: '0', floorPerOrder: '0' } })
  expect(build).toEqual({ isApproved: true, announcedAt: 9, measured: hex32(0xb1) })
})

test('asks the contract about keys for the order and for each object, with the order’s own terms', async () => {
  const { admission } = await newCase()
  const { client, asked } = chain()
  const release = { terms: admission.terms, enclave: hex20(7), build: hex32(0) }
  const facts = await readChain(client)({ ...query, release })
  expect(facts.release).toEqual({ isAllowed: true, reason: '' })
  expect(facts.objects.map((o) => o.release)).toEqual([
    { isAllowed: true, reason: '' },
    { isAllowed: false, reason: 'ObjectNotLive' },
  ])
  expect(asked).toHaveLength(3)
  // A build or an offer of zero asks nothing of Trust, or says that the input is the buyer's own.
  for (const { at, keyRelease } of asked) {
    expect(at).toBe('final')
    expect(keyRelease[0]).toMatchObject({
      build: null,
      offer: null,
      terms: { buyer: admission.terms.buyer, secs: 600 },
    })
  }
})
