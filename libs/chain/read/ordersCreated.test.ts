import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FaultyRpc, startFaultyRpc } from '../testing/faultyRpc.ts'
import { CHAIN_ID, newMarket, SECONDS, type TestMarket } from '../testing/newMarket.ts'
import { chainClient } from './chainClient.ts'
import { ordersCreated } from './ordersCreated.ts'

let market: TestMarket
let liar: FaultyRpc

beforeAll(async () => {
  market = await newMarket()
  liar = await startFaultyRpc(market.anvil.url)
})
afterAll(async () => {
  await liar.stop()
  await market.anvil.stop()
})

test('finds every order up to a block, in order, and refuses where an endpoint leaves one out', async () => {
  const options = {
    rpcUrls: [market.anvil.url, liar.url],
    addresses: market.addresses,
    fromBlock: market.fromBlock,
  }
  const chain = chainClient({ ...options, chainId: CHAIN_ID, finality: { kind: 'finalized' } })
  const offers = [
    ['provider', market.offer('provider', 1, { capacity: 2, maxRuns: 9 })],
    ['engine', market.offer('engine', 3)],
  ] as const
  const { lanes } = await (await chain.latest()).quote(
    offers.map(([, o]) => o),
    market.committeeOf,
    SECONDS,
  )
  const { order: first } = await market.create(offers, lanes)
  const { block: before } = await chain.latest()
  const { order: second } = await market.create(offers, lanes)
  const { block } = await chain.latest()
  expect(await ordersCreated(options, before)).toEqual([first])
  expect(await ordersCreated(options, block)).toEqual([first, second])
  liar.fault = (method, _, answer) => (method === 'eth_getLogs' ? (answer as readonly unknown[]).slice(1) : answer)
  await expect(ordersCreated(options, block)).rejects.toMatchObject({ code: 'chain/rpc-disagree' })
})
