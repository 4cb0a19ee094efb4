import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chainClient } from '@allod/chain'
import { CHAIN_ID, newMarket, SECONDS, type TestMarket } from '@allod/chain/testing/market'
import type { Hex } from '@allod/protocol'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { parseNetwork } from '../network/network.ts'
import { devnetDescription } from '../testing/network.ts'
import { indexedOrders } from './indexedOrders.ts'
import type { LocalNetwork } from './readNetwork.ts'

let market: TestMarket
let order: Hex
let local: LocalNetwork
let path = ''

beforeAll(async () => {
  market = await newMarket()
  const { addresses, anvil, committeeOf, fromBlock } = market
  const chain = chainClient({ rpcUrls: [anvil.url], chainId: CHAIN_ID, addresses, finality: { kind: 'finalized' } })
  const compute = market.offer('provider', 1)
  const { lanes } = await (await chain.latest()).quote([compute], committeeOf, SECONDS)
  order = (await market.create([['provider', compute]], lanes)).order
  const chainId = String(CHAIN_ID)
  const network = parseNetwork({ ...devnetDescription, chainId, rpcUrls: [anvil.url], addresses, fromBlock })
  const folder = mkdtempSync(join(tmpdir(), 'allod-indexed-'))
  local = { network, folder, path: join(folder, 'network.json') }
  path = join(folder, 'index.db')
})
afterAll(async () => {
  await market.anvil.stop()
  rmSync(local.folder, { recursive: true, force: true })
})
beforeEach(() => {
  for (const name of readdirSync(local.folder)) rmSync(join(local.folder, name))
})

test.each([
  ['from its first byte on', 0],
  ['below its head', 100],
  ['after its first page', 4096],
])('makes an index again that is damaged %s', async (_, from) => {
  expect(await indexedOrders(local)).toEqual([order])
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.fill('garbage ', from))
  writeFileSync(`${path}-wal`, 'garbage')
  expect(await indexedOrders(local)).toEqual([order])
  expect(statSync(path).size).toBe(bytes.length)
  expect(await indexedOrders(local)).toEqual([order])
})

test('leaves what is no damage to its caller', async () => {
  const away = { ...local, network: { ...local.network, rpcUrls: ['http://127.0.0.1:1'] } }
  await expect(indexedOrders(away)).rejects.toMatchObject({ code: 'chain/rpc-failed' })
})
