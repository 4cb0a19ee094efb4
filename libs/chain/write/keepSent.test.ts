import { setTimeout as delay } from 'node:timers/promises'
import { newSigningKey } from '@allod/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CHAIN_ID, newMarket, type TestMarket } from '../testing/newMarket.ts'
import { chainWriter } from './chainWriter.ts'

let market: TestMarket
beforeAll(async () => {
  market = await newMarket()
})
afterAll(() => market.anvil.stop())

const rpc = (method: string, ...params: readonly unknown[]): Promise<unknown> => market.anvil.rpc(method, params)

async function newWriter() {
  const key = await newSigningKey()
  await rpc('anvil_setBalance', key.address, `0x${(10n ** 18n).toString(16)}`)
  const { url: rpcUrl } = market.anvil
  return chainWriter({ rpcUrl, chainId: CHAIN_ID, addresses: market.addresses, key, lookEveryMs: 50 })
}

async function pending(count: number): Promise<void> {
  while (Number(((await rpc('txpool_status')) as { pending: string }).pending) !== count) await delay(5)
}

test('a transaction that the chain forgot is sent again', async () => {
  const writer = await newWriter()
  await rpc('evm_setAutomine', false)
  const written = writer.send('catalog', 'bumpEpoch', [])
  await pending(1)
  await rpc('anvil_dropAllTransactions')
  await pending(1)
  await rpc('evm_setAutomine', true)
  await rpc('evm_mine')
  expect((await written).gasUsed).toBeGreaterThan(21_000n)
})

test('one whose predecessors were forgotten too is given up, long before its time is over', async () => {
  const writer = await newWriter()
  const snapshot = await rpc('evm_snapshot')
  await writer.send('catalog', 'bumpEpoch', [])
  await rpc('evm_setAutomine', false)
  const lost = writer.send('catalog', 'bumpEpoch', []).catch((error: unknown) => error)
  await pending(1)
  await rpc('anvil_dropAllTransactions')
  await rpc('evm_revert', snapshot)
  expect(await lost).toMatchObject({ code: 'chain/tx-not-included' })
  await rpc('evm_setAutomine', true)
  await writer.send('catalog', 'bumpEpoch', [])
})
