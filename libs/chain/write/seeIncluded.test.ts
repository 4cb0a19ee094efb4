import { setTimeout as delay } from 'node:timers/promises'
import { newSigningKey, type SigningKey } from '@allod/protocol'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { chainClient } from '../read/chainClient.ts'
import { CHAIN_ID, newMarket, type TestMarket, word } from '../testing/newMarket.ts'
import { type ChainWriter, chainWriter, type Written } from './chainWriter.ts'

const GWEI = 10 ** 9
const DEAR = 300 * GWEI

let market: TestMarket
let key: SigningKey
beforeAll(async () => {
  market = await newMarket()
  await rpc('evm_setAutomine', false)
})
afterAll(() => market.anvil.stop())
beforeEach(async () => {
  await rpc('anvil_dropAllTransactions')
  await mine(GWEI)
  key = newSigningKey()
  await rpc('anvil_setBalance', key.address, `0x${(10n ** 19n).toString(16)}`)
})

const rpc = (method: string, ...params: readonly unknown[]): Promise<unknown> => market.anvil.rpc(method, params)

type Options = Partial<Record<'includedWithinMs' | 'lookEveryMs' | 'raiseEveryMs' | 'patienceMs', number>>
const newWriter = (options: Options = {}) =>
  chainWriter({ rpcUrl: market.anvil.url, chainId: CHAIN_ID, addresses: market.addresses, key, ...options })

/** Makes a block whose gas costs so much. */
async function mine(baseFee: number): Promise<void> {
  await rpc('anvil_setNextBlockBaseFeePerGas', `0x${baseFee.toString(16)}`)
  await rpc('evm_mine')
}

/** Makes such blocks until something is decided. */
async function minedAt<T>(baseFee: number, decided: Promise<T>): Promise<T> {
  let isDecided = false
  const seen = decided.finally(() => {
    isDecided = true
  })
  seen.catch(() => undefined)
  while (!isDecided) {
    await mine(baseFee)
    await delay(20)
  }
  return seen
}

const sentUpTo = async (block: 'latest' | 'pending') => Number(await rpc('eth_getTransactionCount', key.address, block))

async function untilPending(): Promise<void> {
  while ((await sentUpTo('pending')) === (await sentUpTo('latest'))) await delay(5)
}

async function epoch(): Promise<number> {
  const { addresses, anvil } = market
  const rpcUrls = [anvil.url]
  const chain = chainClient({ rpcUrls, chainId: CHAIN_ID, addresses, finality: { kind: 'depth', blocks: 0 } })
  return (await (await chain.latest()).offer(key.address, word('any'))).epoch
}

const codeOf = (sent: Promise<Written>): Promise<unknown> =>
  sent.then(
    () => 'sent',
    (error: unknown) => (error as { code?: unknown }).code,
  )

/** Leaves a call in the pool that its writer gives up. */
async function leave(writer: ChainWriter): Promise<void> {
  expect(await codeOf(writer.send('catalog', 'bumpEpoch', []))).toBe('chain/tx-not-included')
  expect([await sentUpTo('latest'), await sentUpTo('pending')]).toEqual([0, 1])
}

const revoke = (writer: ChainWriter): Promise<Written> => writer.send('catalog', 'revoke', [word('an offer')])

test('a call whose price was overtaken is offered for more until it is in, once', async () => {
  const written = newWriter({ raiseEveryMs: 100 }).send('catalog', 'bumpEpoch', [])
  await untilPending()
  await mine(DEAR)
  expect(await sentUpTo('latest')).toBe(0)
  const { receipt, transaction } = await minedAt(DEAR, written)
  expect(receipt.effectiveGasPrice).toBeGreaterThanOrEqual(BigInt(DEAR))
  expect(receipt.transactionHash).toBe(transaction)
  await mine(DEAR)
  expect([await sentUpTo('pending'), await epoch()]).toEqual([1, 1])
})

test('one that gets in before it was raised is taken as it is, by its own hash', async () => {
  const written = newWriter({ raiseEveryMs: 60_000 }).send('catalog', 'bumpEpoch', [])
  await untilPending()
  const { receipt } = await minedAt(GWEI, written)
  expect(receipt.effectiveGasPrice).toBeLessThan(BigInt(DEAR))
})

test('a call that was given up is replaced at once by the next one, which would else wait behind it', async () => {
  const writer = newWriter({ includedWithinMs: 2000, raiseEveryMs: 60_000, patienceMs: 60_000 })
  await leave(writer)
  await mine(DEAR)
  await minedAt(DEAR, revoke(writer))
  expect([await sentUpTo('pending'), await epoch()]).toEqual([1, 0])
})

test('what a process that died left is replaced once it had its time', async () => {
  await leave(newWriter({ includedWithinMs: 1 }))
  await mine(DEAR)
  await minedAt(DEAR, revoke(newWriter({ patienceMs: 100 })))
  expect([await sentUpTo('pending'), await epoch()]).toEqual([1, 0])
})

test('and it is replaced at an unchanged price too, by an offer that an endpoint takes in its place', async () => {
  await leave(newWriter({ includedWithinMs: 1 }))
  const [left] = await inPool()
  const written = revoke(newWriter({ patienceMs: 100 }))
  while ((await inPool())[0] === left) await delay(5)
  const { transaction } = await minedAt(GWEI, written)
  expect(transaction).not.toBe(left)
  expect([await sentUpTo('pending'), await epoch()]).toEqual([1, 0])
})

test('what another process sent and a block takes in its time is not replaced', async () => {
  await leave(newWriter({ includedWithinMs: 1 }))
  await minedAt(GWEI, newWriter({ patienceMs: 60_000 }).send('catalog', 'bumpEpoch', []))
  expect([await sentUpTo('pending'), await epoch()]).toEqual([2, 2])
})

/** The hashes of what no block has yet, by nonce. */
async function inPool(): Promise<readonly string[]> {
  const { pending } = (await rpc('txpool_content')) as { pending: Record<string, Record<string, { hash: string }>> }
  return Object.values(pending).flatMap((byNonce) => Object.values(byNonce).map((tx) => tx.hash))
}
