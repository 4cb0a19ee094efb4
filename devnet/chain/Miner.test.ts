import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chainClient, termsArgs } from '@allod/chain'
import { CHAIN_ID, newMarket, SECONDS, type TestMarket } from '@allod/chain/testing/market'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Miner } from './Miner.ts'

let market: TestMarket
let folder = ''
let marketFile = ''
let miner: Miner
beforeEach(async () => {
  market = await newMarket()
  // What was sent so far is final.
  await market.anvil.rpc('anvil_mine', ['0x4'])
  folder = mkdtempSync(join(tmpdir(), 'allod-miner-'))
  marketFile = join(folder, 'market')
  miner = new Miner(market.anvil.url, marketFile)
})
afterEach(async () => {
  vi.useRealTimers()
  await market.anvil.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** More than it takes until a block is final. */
const MANY = 6

async function height(tag: 'latest' | 'finalized' = 'latest'): Promise<number> {
  const block = (await market.anvil.rpc('eth_getBlockByNumber', [tag, false])) as { readonly number: string }
  return Number(block.number)
}

/** Blocks that this many ticks make. */
async function minedIn(ticks: number): Promise<number> {
  const before = await height()
  for (let i = 0; i < ticks; i++) await miner.tick()
  return (await height()) - before
}

async function newOrder() {
  const offers = [['provider', market.offer('provider', 1)]] as const
  const chain = chainClient({
    ...{ rpcUrls: [market.anvil.url], addresses: market.addresses, fromBlock: market.fromBlock },
    ...{ chainId: CHAIN_ID, finality: { kind: 'finalized' } },
  })
  const compute = offers.map(([, offer]) => offer)
  const { lanes } = await (await chain.latest()).quote(compute, market.committeeOf, SECONDS)
  return market.create(offers, lanes)
}

const passesSeconds = (seconds: number) => vi.useFakeTimers({ now: Date.now() + seconds * 1000, toFake: ['Date'] })

test('an idle chain stays at its block', async () => {
  writeFileSync(marketFile, market.addresses.market)
  expect(await minedIn(MANY)).toBe(0)
})

test('a transaction gets blocks until it is final, and then none', async () => {
  await market.deployer.sendTransaction({ to: market.key('stranger').address, value: 1n })
  const sentAt = await height()
  while ((await height('finalized')) < sentAt) expect(await minedIn(1)).toBe(1)
  expect(await height()).toBeLessThan(sentAt + MANY)
  expect(await minedIn(MANY)).toBe(0)
})

test('an open order gets a block with every tick, and two minutes of them once it is over', async () => {
  writeFileSync(marketFile, `${market.addresses.market}\n`)
  const { terms } = await newOrder()
  expect(await minedIn(2 * MANY)).toBe(2 * MANY)
  await market.as('buyer').send('market', 'end', [termsArgs(terms)])
  expect(await minedIn(2 * MANY)).toBe(2 * MANY)
  passesSeconds(121)
  expect(await minedIn(MANY)).toBe(0)
})

test('an order that nobody ends gets blocks for a day', async () => {
  writeFileSync(marketFile, market.addresses.market)
  await newOrder()
  expect(await minedIn(2 * MANY)).toBe(2 * MANY)
  passesSeconds(24 * 3600 - 60)
  expect(await minedIn(MANY)).toBe(MANY)
  passesSeconds(120)
  expect(await minedIn(MANY)).toBe(0)
})

test('orders count from when the market is named, also those that were open before', async () => {
  await newOrder()
  await minedIn(MANY)
  expect(await minedIn(MANY)).toBe(0)
  writeFileSync(marketFile, market.addresses.market)
  expect(await minedIn(MANY)).toBe(MANY)
})
