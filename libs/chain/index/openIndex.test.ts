import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Hex, lineageOf, offerHash } from '@allod/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { offerArgs, termsArgs } from '../convert.ts'
import { chainClient } from '../read/chainClient.ts'
import { startFaultyRpc } from '../testing/faultyRpc.ts'
import { CHAIN_ID, newMarket, SECONDS, type TestMarket, word } from '../testing/newMarket.ts'
import type { MarketTerms } from '../types.ts'
import { type ChainIndex, type IndexOptions, openIndex } from './openIndex.ts'

let market: TestMarket
const folder = mkdtempSync(join(tmpdir(), 'index-'))

const open = (options: Partial<IndexOptions> = {}) =>
  openIndex({
    path: ':memory:',
    rpcUrls: [market.anvil.url],
    chainId: CHAIN_ID,
    addresses: market.addresses,
    fromBlock: market.fromBlock,
    ...options,
  })

const view = () =>
  chainClient({
    rpcUrls: [market.anvil.url],
    chainId: CHAIN_ID,
    addresses: market.addresses,
    finality: { kind: 'finalized' },
  }).latest()

/** Everything the tables hold, to compare one way of filling them with another. */
const everything = (index: ChainIndex) => ({
  offers: index.offers(),
  orders: index.orders(),
  orderIds: index.orderIds(),
  claims: index.claims(),
  objects: index.objects(),
  providers: index.providers(),
})

let order: Hex
let terms: MarketTerms

beforeAll(async () => {
  market = await newMarket()
  const compute = market.offer('provider', 1)
  const engine = market.offer('engine', 3)
  await market.as('engine').send('catalog', 'post', [offerArgs(engine), market.signed('engine', engine), 'there'])
  const { lanes } = await (await view()).quote([compute, engine], market.committeeOf, SECONDS)
  const made = await market.create(
    [
      ['provider', compute],
      ['engine', engine],
    ],
    lanes,
  )
  order = made.order
  terms = made.terms
  await market.start(order, terms)
})

afterAll(async () => {
  await market.anvil.stop()
  rmSync(folder, { recursive: true })
})

test('an order from its creation to the last unit', async () => {
  using index = open()
  await index.sync()
  expect(index.orderIds()).toEqual(
    index
      .orders()
      .map((o) => o.order)
      .reverse(),
  )
  expect(index.orderIds()).toContain(order)
  expect(index.order(order)).toMatchObject({ state: 'active', job: 'finetune', generation: 1, terms, paid: 0n })

  const from = await market.time()
  await market.pass(101)
  await market.beat(order, from, from + 101)
  await market.report(order)
  await market.as('stranger').send('market', 'claim', [termsArgs(terms), 1n])
  await market.as('buyer').send('market', 'end', [termsArgs(terms)])
  await index.sync()
  expect(index.order(order)).toMatchObject({ state: 'ended', isReported: true, attestedSeconds: 101 })

  await market.pass(5000)
  await market.as('stranger').send('market', 'claim', [termsArgs(terms), 2n ** 256n - 1n])
  await index.sync()
  const settled = index.order(order)
  expect(settled).toMatchObject({ state: 'settled' })
  expect(settled && settled.paid + settled.refunded).toBe(settled?.locked)
  // What the tables say each payee earned is what the market credited.
  const now = await view()
  const { members } = await now.committee(market.committeeOf)
  const payees = [market.key('provider').address, market.key('engine').address, ...members.map((m) => m.payee)]
  for (const payee of payees) expect(index.earnings(payee)).toBe((await now.balance(payee)).market)
  expect(index.earnings(market.key('provider').address)).toBe(1000n + 100n * 101n)
  expect(index.claims({ order }).every((c) => c.amount > 0n)).toBe(true)
})

test('offers, voided or not', async () => {
  using index = open()
  await index.sync()
  const owner = market.key('engine').address
  expect(index.offers({ owner })).toMatchObject([{ location: 'there', isVoid: false }])
  const hash = index.offers({ owner })[0]?.hash as Hex
  await market.as('engine').send('catalog', 'revoke', [hash])
  await index.sync()
  expect(index.offers({ owner })).toMatchObject([{ hash, isVoid: true }])
  const later = market.offer('engine', 3, { epoch: 1 })
  await market.as('engine').send('catalog', 'bumpEpoch', [])
  await market.as('engine').send('catalog', 'post', [offerArgs(later), market.signed('engine', later), ''])
  await index.sync()
  expect(index.offers({ owner }).map((o) => [o.hash, o.isVoid])).toEqual([
    [offerHash(later), false],
    [hash, true],
  ])
  expect(index.offers({ owner, limit: 1 })).toHaveLength(1)
  expect(index.offers({ owner: market.key('stranger').address })).toEqual([])
})

test('objects with their standing and lineage, and providers with their last record', async () => {
  using index = open()
  const nothing = { bps: 0, floorPerSecond: 0n, floorPerOrder: 0n }
  const model = market.as('model')
  await model.send('assets', 'register', [`0x${'01'.repeat(128)}`, word('policy'), nothing])
  await index.sync()
  const owner = model.account
  const objectId = index.objects({ owner })[0]?.objectId as Hex
  expect(index.objects({ owner })).toMatchObject([{ policyHash: word('policy'), standing: 'live', derivedBy: null }])
  await model.send('assets', 'halt', [objectId])
  await index.sync()
  expect(index.objects({ owner })).toMatchObject([{ standing: 'halted' }])

  const offer = market.offer('provider', 1)
  const { lanes } = await (await view()).quote([offer], market.committeeOf, SECONDS)
  const made = await market.create([['provider', offer]], lanes)
  await market.start(made.order, made.terms)
  const derived = {
    header: `0x${'02'.repeat(128)}` as const,
    owner: market.key('buyer').address,
    policyHash: word('derived'),
    parents: [objectId],
  }
  await market.report(made.order, lineageOf(derived))
  const registration = { market: market.addresses.market, order: made.order, reportHash: word('report'), ...derived }
  await market.as('buyer').send('assets', 'registerDerived', [registration, nothing])
  const provider = market.key('provider').address
  await market
    .as('provider')
    .send('registry', 'setProvider', [{ key: provider, payee: provider, endpoints: 'elsewhere', machines: [] }])
  await index.sync()
  expect(index.objects({ owner: derived.owner })).toMatchObject([{ derivedBy: made.order, parents: [objectId] }])
  expect(index.providers()).toEqual([
    { provider, key: provider, payee: provider, endpoints: 'elsewhere', machines: [] },
  ])
})

test('steps of one block, a rebuild, and a file opened again end in the same tables', async () => {
  using whole = open()
  await whole.sync()
  using small = open({ chunk: 1 })
  await small.sync()
  expect(everything(small)).toEqual(everything(whole))
  whole.rebuild()
  expect(whole.orders()).toEqual([])
  await whole.sync()
  expect(everything(whole)).toEqual(everything(small))

  const path = join(folder, 'index.db')
  const first = open({ path })
  await Promise.all([first.sync(), first.sync()])
  first.close()
  using second = open({ path })
  expect(everything(second)).toEqual(everything(whole))
})

test('what a reorg undid is taken back', async () => {
  using index = open()
  const kept = market.offer('engine', 3, { epoch: 1 })
  const [undone, instead] = [market.offer('engine', 3, { epoch: 1 }), market.offer('engine', 3, { epoch: 1 })]
  const post = (o: typeof kept) =>
    market.as('engine').send('catalog', 'post', [offerArgs(o), market.signed('engine', o), ''])
  await post(kept)
  const snapshot = await market.anvil.rpc('evm_snapshot')
  await post(undone)
  await market.anvil.rpc('anvil_mine', ['0x3'])
  await index.sync()
  expect(index.offers()[0]?.hash).toBe(offerHash(undone))
  await market.anvil.rpc('evm_revert', [snapshot])
  await post(instead)
  await index.sync()
  const hashes = index.offers().map((o) => o.hash)
  expect(hashes).toContain(offerHash(kept))
  expect(hashes).toContain(offerHash(instead))
  expect(hashes).not.toContain(offerHash(undone))
  using fresh = open()
  await fresh.sync()
  expect(everything(index)).toEqual(everything(fresh))
})

test('an endpoint that refuses long ranges is asked for shorter ones', async () => {
  const strict = await startFaultyRpc(market.anvil.url)
  strict.fault = (method, params, answer) => {
    const { fromBlock, toBlock } = (params[0] ?? {}) as { fromBlock: string; toBlock: string }
    if (method === 'eth_getLogs' && Number(toBlock) - Number(fromBlock) > 4) throw new Error('range too large')
    return answer
  }
  using index = open({ rpcUrls: [strict.url] })
  await index.sync()
  using whole = open()
  await whole.sync()
  expect(everything(index)).toEqual(everything(whole))
  await strict.stop()
})

type Logs = readonly Record<string, unknown>[]

test('endpoints that say more of a log than others agree with them', async () => {
  const chatty = await startFaultyRpc(market.anvil.url)
  chatty.fault = (method, _, answer) =>
    method === 'eth_getLogs'
      ? (answer as Logs).map(({ removed: _removed, ...log }) => ({ ...log, blockTimestamp: '0x66', more: true }))
      : answer
  using index = open({ rpcUrls: [market.anvil.url, chatty.url] })
  await index.sync()
  expect(index.order(order)).toMatchObject({ order })
  await chatty.stop()
})

test.each([
  ['address', `0x${'11'.repeat(20)}`],
  ['topics', []],
  ['data', '0x00'],
  ['blockNumber', '0x0'],
  ['blockHash', word('another block')],
  ['transactionHash', word('another transaction')],
  ['logIndex', '0x77'],
])('an endpoint with another %s of a log is chain/rpc-disagree, and nothing is kept', async (field, value) => {
  const lying = await startFaultyRpc(market.anvil.url)
  lying.fault = (method, _, answer) =>
    method === 'eth_getLogs' ? (answer as Logs).map((log) => ({ ...log, [field]: value })) : answer
  using index = open({ rpcUrls: [market.anvil.url, lying.url] })
  await expect(index.sync()).rejects.toMatchObject({ code: 'chain/rpc-disagree' })
  expect(index.orders()).toEqual([])
  await lying.stop()
})

test('a chain that never stands still is given up, and nothing half is kept', async () => {
  const restless = await startFaultyRpc(market.anvil.url)
  let asked = 0
  restless.fault = (method, params, answer) =>
    method === 'eth_getBlockByNumber' && params[0] !== 'latest' && params[0] !== '0x0'
      ? { ...(answer as object), hash: word(`block ${asked++}`) }
      : answer
  using index = open({ rpcUrls: [restless.url] })
  await expect(index.sync()).rejects.toMatchObject({ code: 'chain/reorg' })
  expect(index.orders()).toEqual([])
  restless.fault = null
  await index.sync()
  expect(index.order(order)).toMatchObject({ order })
  await restless.stop()
})

test('another chain, or another market, under the same file starts it anew', async () => {
  const path = join(folder, 'moved.db')
  const first = open({ path })
  await first.sync()
  expect(first.orders().length).toBeGreaterThan(0)
  first.close()
  const addresses = { ...market.addresses, market: market.addresses.trust }
  const second = open({ path, addresses })
  await second.sync()
  expect(second.orders()).toEqual([])
  second.close()
  using third = open({ path, chainId: 1n })
  await expect(third.sync()).rejects.toMatchObject({ code: 'chain/wrong-chain' })
})
