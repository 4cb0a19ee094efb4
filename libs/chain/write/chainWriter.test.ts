import { isAllodError, newSigningKey } from '@allod/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { offerArgs, termsArgs } from '../convert.ts'
import { chainClient } from '../read/chainClient.ts'
import { startFaultyRpc } from '../testing/faultyRpc.ts'
import { CHAIN_ID, newMarket, SECONDS, type TestMarket, word } from '../testing/newMarket.ts'
import { type ChainWriter, chainWriter } from './chainWriter.ts'

let market: TestMarket
let stranger: ChainWriter

beforeAll(async () => {
  market = await newMarket()
  stranger = market.as('stranger')
})

afterAll(() => market.anvil.stop())

const codeOf = async (run: () => Promise<unknown>): Promise<string> => {
  try {
    await run()
    return 'nothing was thrown'
  } catch (error) {
    return isAllodError(error) ? error.code : String(error)
  }
}

test('sends what was asked for at once, one after the other', async () => {
  const sent = await Promise.all(Array.from({ length: 20 }, () => stranger.send('catalog', 'bumpEpoch', [])))
  const blocks = sent.map((s) => s.block)
  expect(blocks).toEqual([...blocks].sort((a, b) => (a < b ? -1 : 1)))
  const chain = chainClient({
    rpcUrls: [market.anvil.url],
    chainId: CHAIN_ID,
    addresses: market.addresses,
    finality: { kind: 'finalized' },
  })
  expect((await (await chain.latest()).offer(stranger.account, word('any'))).epoch).toBe(20)
  expect(sent[0]?.gasUsed).toBeGreaterThan(21_000n)
})

test('goes on after a refusal, and after the chain forgot the last transactions', async () => {
  const snapshot = await market.anvil.rpc('evm_snapshot')
  await stranger.send('catalog', 'bumpEpoch', [])
  expect(await codeOf(() => stranger.send('market', 'withdraw', [stranger.account, 1n]))).toBe(
    'market/insufficient-balance',
  )
  await market.anvil.rpc('evm_revert', [snapshot])
  await stranger.send('catalog', 'bumpEpoch', [])
})

test('a refusal names the values that were compared', async () => {
  await expect(stranger.send('market', 'withdraw', [stranger.account, 5n])).rejects.toMatchObject({
    code: 'market/insufficient-balance',
    meta: { account: expect.any(String), balance: '0', needed: '5' },
  })
})

test('a token that refuses is told in words', async () => {
  expect(await codeOf(() => stranger.send('market', 'deposit', [5n]))).toBe('market/transfer-from-failed')
})

test('an account without coin is told so', async () => {
  const poor = chainWriter({
    rpcUrl: market.anvil.url,
    chainId: CHAIN_ID,
    addresses: market.addresses,
    key: newSigningKey(),
  })
  expect(await codeOf(() => poor.send('catalog', 'bumpEpoch', []))).toBe('chain/no-gas')
})

test('an endpoint that is down is told so', async () => {
  const writer = chainWriter({
    rpcUrl: 'http://127.0.0.1:9',
    chainId: CHAIN_ID,
    addresses: market.addresses,
    key: market.key('stranger'),
  })
  expect(await codeOf(() => writer.send('catalog', 'bumpEpoch', []))).toBe('chain/rpc-failed')
})

test('a transaction that gets into no block is given up in time', async () => {
  const writer = chainWriter({
    rpcUrl: market.anvil.url,
    chainId: CHAIN_ID,
    addresses: market.addresses,
    key: market.key('model'),
    includedWithinMs: 300,
  })
  await market.anvil.rpc('evm_setAutomine', [false])
  try {
    expect(await codeOf(() => writer.send('catalog', 'bumpEpoch', []))).toBe('chain/tx-not-included')
  } finally {
    await market.anvil.rpc('anvil_dropAllTransactions')
    await market.anvil.rpc('evm_setAutomine', [true])
  }
})

test('a transaction that somebody else made pointless is told as such', async () => {
  const chain = chainClient({
    rpcUrls: [market.anvil.url],
    chainId: CHAIN_ID,
    addresses: market.addresses,
    finality: { kind: 'finalized' },
  })
  const offer = market.offer('provider', 1)
  const { lanes } = await (await chain.latest()).quote([offer], market.committeeOf, SECONDS)
  const { order, terms } = await market.create([['provider', offer]], lanes)
  await market.start(order, terms)
  // Both look fine when they are sent; only the first still is when they are included.
  await market.anvil.rpc('evm_setAutomine', [false])
  const [buyer, provider] = [market.as('buyer'), market.as('provider')]
  const ended = [buyer.send('market', 'end', [termsArgs(terms)]), provider.send('market', 'end', [termsArgs(terms)])]
  const outcomes = Promise.allSettled(ended)
  while (((await market.anvil.rpc('txpool_status')) as { pending: string }).pending !== '0x2');
  await market.anvil.rpc('evm_mine')
  await market.anvil.rpc('evm_setAutomine', [true])
  const failed = (await outcomes).filter((o) => o.status === 'rejected')
  expect(failed.map((f) => (isAllodError(f.reason) ? f.reason.code : f.reason))).toEqual(['chain/tx-reverted'])
})

test('an answer that is none leads to no second transaction', async () => {
  const flaky = await startFaultyRpc(market.anvil.url)
  const writer = chainWriter({
    rpcUrl: flaky.url,
    chainId: CHAIN_ID,
    addresses: market.addresses,
    key: market.key('engine'),
  })
  const nonce = async () => Number(await market.anvil.rpc('eth_getTransactionCount', [writer.account, 'latest']))
  const before = await nonce()
  flaky.fault = (method, _, answer) => {
    if (method === 'eth_estimateGas') throw new Error('try again later')
    return answer
  }
  expect(await codeOf(() => writer.send('catalog', 'bumpEpoch', []))).toBe('chain/rpc-failed')
  flaky.fault = null
  await writer.send('catalog', 'post', [offerArgs(market.offer('engine', 3)), '0x', ''])
  expect(await nonce()).toBe(before + 1)
  await flaky.stop()
})
