import { setTimeout as delay } from 'node:timers/promises'
import { newSigningKey } from '@allod/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CHAIN_ID, newMarket, type TestMarket } from '../testing/newMarket.ts'
import { chainWriter, type Written } from './chainWriter.ts'

let market: TestMarket
beforeAll(async () => {
  market = await newMarket()
  await rpc('evm_setAutomine', false)
})
afterAll(() => market.anvil.stop())

const rpc = (method: string, ...params: readonly unknown[]): Promise<unknown> => market.anvil.rpc(method, params)

async function newWriter(options: { readonly lookEveryMs?: number } = {}) {
  const key = await newSigningKey()
  await rpc('anvil_setBalance', key.address, `0x${(10n ** 18n).toString(16)}`)
  const { url: rpcUrl } = market.anvil
  return chainWriter({ rpcUrl, chainId: CHAIN_ID, addresses: market.addresses, key, ...options })
}

async function pending(count: number): Promise<void> {
  while (Number(((await rpc('txpool_status')) as { pending: string }).pending) !== count) await delay(5)
}

/** Makes blocks once the transaction is in the pool. */
async function mined(written: Promise<Written>, blocks = 1): Promise<Written> {
  await pending(1)
  await rpc('anvil_mine', blocks)
  return await written
}

test('a transaction that the chain forgot is sent again', async () => {
  const writer = await newWriter({ lookEveryMs: 50 })
  const written = writer.send('catalog', 'bumpEpoch', [])
  await pending(1)
  await rpc('anvil_dropAllTransactions')
  expect((await mined(written)).gasUsed).toBeGreaterThan(21_000n)
})

test('one whose predecessors were forgotten too is given up, long before its time is over', async () => {
  const writer = await newWriter()
  const snapshot = await rpc('evm_snapshot')
  await mined(writer.send('catalog', 'bumpEpoch', []))
  const lost = writer.send('catalog', 'bumpEpoch', []).catch((error: unknown) => error)
  await pending(1)
  // All before the first look, which would send it again: anvil takes what its pool holds for what comes next, gap or no gap.
  await rpc('evm_revert', snapshot)
  await rpc('anvil_dropAllTransactions')
  expect(await lost).toMatchObject({ code: 'chain/tx-not-included' })
  // Past its old height: of a chain that was brought back, its client hears nothing before.
  expect((await mined(writer.send('catalog', 'bumpEpoch', []), 2)).gasUsed).toBeGreaterThan(21_000n)
})
