import { type Hex, isAllodError, lineageOf, offerHash } from '@allod/protocol'
import { custom } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assetsAbi } from '../abi.ts'
import { offerArgs, termsArgs } from '../convert.ts'
import { type FaultyRpc, startFaultyRpc } from '../testing/faultyRpc.ts'
import { BUILD, CHAIN_ID, newMarket, SECONDS, type TestMarket, word, ZERO } from '../testing/newMarket.ts'
import type { ChainClient, MarketTerms } from '../types.ts'
import { type ChainOptions, chainClient } from './chainClient.ts'
import { transportOver } from './transportOver.ts'

let market: TestMarket
let liar: FaultyRpc
let chain: ChainClient

const client = (options: Partial<ChainOptions> = {}): ChainClient =>
  chainClient({
    rpcUrls: [market.anvil.url, liar.url],
    chainId: CHAIN_ID,
    addresses: market.addresses,
    finality: { kind: 'finalized' },
    fromBlock: market.fromBlock,
    ...options,
  })

const codeOf = async (run: () => Promise<unknown>): Promise<string> => {
  try {
    await run()
    return 'nothing was thrown'
  } catch (error) {
    return isAllodError(error) ? error.code : String(error)
  }
}

const lying = async (fault: NonNullable<FaultyRpc['fault']>, run: () => Promise<unknown>): Promise<string> => {
  liar.fault = fault
  try {
    return await codeOf(run)
  } finally {
    liar.fault = null
  }
}

let order: Hex
let terms: MarketTerms
let offers: readonly [string, ReturnType<TestMarket['offer']>][]

beforeAll(async () => {
  market = await newMarket()
  liar = await startFaultyRpc(market.anvil.url)
  chain = client()
  offers = [
    ['provider', market.offer('provider', 1, { capacity: 2, maxRuns: 9 })],
    ['engine', market.offer('engine', 3)],
  ]
  const { lanes } = await (await chain.latest()).quote(
    offers.map(([, o]) => o),
    market.committeeOf,
    SECONDS,
  )
  const made = await market.create(offers, lanes)
  order = made.order
  terms = made.terms
  await market.start(order, terms)
})

afterAll(async () => {
  await liar.stop()
  await market.anvil.stop()
})

describe('reads', () => {
  test('an order with its terms, which hash to its id', async () => {
    const view = await chain.latest()
    expect(await view.order(order)).toMatchObject({
      state: 'active',
      job: 'finetune',
      generation: 1,
      enclave: market.key('enclave').address,
      committee: market.committeeOf,
      seconds: SECONDS,
      isVested: false,
      isReported: false,
      attestedSeconds: 0,
    })
    expect(await view.terms(order)).toEqual(terms)
    expect((await view.orderEvents(order)).map((e) => e.name)).toEqual(['Created', 'Bound'])
    expect(await view.order(word('none'))).toMatchObject({ state: 'none', job: null, escrow: 0n })
  })

  test('what offers stand at', async () => {
    const [[, compute], [, engine]] = offers as [(typeof offers)[0], (typeof offers)[0]]
    const view = await chain.latest()
    expect(await view.offer(compute.owner, offerHash(compute))).toEqual({
      epoch: 0,
      isRevoked: false,
      running: 1,
      runs: 1,
    })
    expect(await view.postedOffer(offerHash(engine))).toBeNull()
    await market.as('engine').send('catalog', 'post', [offerArgs(engine), market.signed('engine', engine), 'there'])
    // Posted with somebody else's signature: no offer.
    const other = market.offer('engine', 3)
    await market.as('engine').send('catalog', 'post', [offerArgs(other), market.signed('model', other), 'there'])
    // Posted with numbers that no document can hold: no offer either, and no obstacle to reading the others.
    await market.as('engine').send('catalog', 'post', [{ ...offerArgs(other), expiry: 2n ** 60n }, '0x', ''])
    const later = await chain.latest()
    expect(await later.postedOffer(offerHash(engine))).toMatchObject({ offer: engine, location: 'there' })
    expect((await later.offersPosted()).map((p) => p.hash)).toEqual([offerHash(engine)])
  })

  test('committees, keepers, providers, builds and balances', async () => {
    const view = await chain.latest()
    const committee = await view.committee(market.committeeOf)
    expect(committee).toMatchObject({ t: 2, perOrder: 300n, perSecond: 9n * 10n ** 12n })
    const signers = committee.members.map((m) => m.signer)
    expect(signers).toEqual([...signers].sort())
    const keeper = await view.keeper(committee.members[0]?.keeper ?? ZERO)
    expect(keeper).toMatchObject({ signer: signers[0], operator: expect.stringContaining('operator') })
    expect(await view.provider(market.key('provider').address)).toMatchObject({ machines: [word('chip')] })
    expect(await view.provider(market.key('stranger').address)).toBeNull()
    expect(await view.buildOf(word('measurement'))).toBe(BUILD)
    expect(await view.buildOf(word('other'))).toBeNull()
    expect(await view.build(BUILD)).toMatchObject({ isApproved: true, isRevoked: false })
    expect((await view.balance(market.key('buyer').address)).market).toBeGreaterThan(0n)
    expect(await view.claimable(terms)).toEqual({ amounts: [0n, 0n, 0n], refund: 0n })
  })

  test('what a permit of the token is signed over; of a contract without permits, nothing', async () => {
    const { address } = market.key('buyer')
    const view = await chain.latest()
    expect(await view.permitTerms(address)).toEqual({
      name: expect.any(String),
      nonce: 0n,
      domainSeparator: expect.stringMatching(/^0x[0-9a-f]{64}$/),
    })
    const { addresses } = market
    const other = await client({ addresses: { ...addresses, token: addresses.catalog } }).latest()
    expect(await other.permitTerms(address)).toBeNull()
    const empty = await client({ addresses: { ...addresses, token: address } }).latest()
    expect(await empty.permitTerms(address)).toBeNull()
  })

  test('an object, original and derived, and the order that derived it', async () => {
    const header = `0x${'07'.repeat(128)}` as const
    const royalty = { bps: 500, floorPerSecond: 1n, floorPerOrder: 2n }
    await market.as('model').send('assets', 'register', [header, word('policy'), royalty])
    const owner = market.key('buyer').address
    const parent = await market.deployer.readContract({
      address: market.addresses.assets,
      abi: assetsAbi,
      functionName: 'objectIdOf',
      args: [header, market.key('model').address, word('policy')],
    })
    const derived = { header: `0x${'08'.repeat(128)}` as const, owner, policyHash: word('p2'), parents: [parent] }
    await market.report(order, lineageOf(derived))
    await market.as('buyer').send('assets', 'registerDerived', [
      { market: market.addresses.market, order, reportHash: word('report'), ...derived },
      { bps: 0, floorPerSecond: 0n, floorPerOrder: 0n },
    ])
    const view = await chain.latest()
    const objectId = await market.deployer.readContract({
      address: market.addresses.assets,
      abi: assetsAbi,
      functionName: 'objectIdOf',
      args: [derived.header, owner, derived.policyHash],
    })
    expect(await view.asset(objectId)).toMatchObject({
      owner,
      standing: 'live',
      isDerived: true,
      dues: [{ ancestor: parent, royalty: { bps: 500, floorPerSecond: '1', floorPerOrder: '2' } }],
    })
    expect(await view.originOf(objectId)).toEqual({ market: market.addresses.market, order })
    expect(await view.originOf(parent)).toBeNull()
    expect((await view.asset(word('unknown'))).standing).toBe('unknown')
  })

  test('whether keys may be released, and why not', async () => {
    const view = await chain.latest()
    const ask = {
      terms,
      enclave: market.key('enclave').address,
      build: BUILD,
      objectId: word('own'),
      offer: null,
    } as const
    expect(await view.keyRelease(ask)).toEqual({ ok: true })
    expect(await view.keyRelease({ ...ask, enclave: market.key('stranger').address })).toEqual({
      ok: false,
      reason: 'WrongEnclave',
    })
    expect(await view.keyRelease({ ...ask, build: word('other') })).toEqual({ ok: false, reason: 'BuildNotApproved' })
    expect(await view.keyRelease({ ...ask, offer: word('other') })).toEqual({ ok: false, reason: 'WrongOffer' })
    expect(await view.keyRelease({ ...ask, build: null, offer: terms.offers[0] ?? null })).toEqual({
      ok: false,
      reason: 'ObjectNotLive',
    })
    expect(await view.keyRelease({ ...ask, terms: { ...terms, secs: 1 } })).toEqual({ ok: false, reason: 'WrongState' })
  })

  test('at a depth below the head, or at the final block', async () => {
    const head = BigInt((await chain.latest()).block.number)
    const deep = await client({ finality: { kind: 'depth', blocks: 3 } }).final()
    expect(BigInt(deep.block.number)).toBe(head - 3n)
    expect(BigInt((await chain.final()).block.number)).toBeLessThan(head)
  })

  test('over transports that the caller brings', async () => {
    const transport = custom({ request: ({ method, params }) => market.anvil.rpc(method, params) })
    const view = await client({ rpcUrls: [], transports: [transport, transport] }).latest()
    expect((await view.order(order)).state).toBe('active')
  })

  test('over a relay, calls made at once travel together, and to each endpoint by itself', async () => {
    const posts: string[] = []
    const over = (name: string, url: string) =>
      transportOver((_, init) => {
        posts.push(name)
        return fetch(url, init)
      })
    const transports = [over('a', market.anvil.url), over('b', liar.url)]
    const view = await client({ rpcUrls: [], transports }).latest()
    posts.length = 0
    const seen = (): Promise<unknown> =>
      Promise.all([view.order(order), view.build(BUILD), view.committee(market.committeeOf), view.asset(word('a'))])
    await seen()
    expect(posts.toSorted()).toEqual(['a', 'b'])
    const forged = (_: string, __: unknown, answer: unknown): unknown => (answer as string).replace(/.$/, '7')
    expect(await lying(forged, seen)).toBe('chain/rpc-disagree')
  })

  test('endpoints at one head are not asked for it again; behind one that lags, each says what it holds', async () => {
    liar.asked.length = 0
    const { block } = await chain.latest()
    expect(liar.asked).toEqual(['eth_getBlockByNumber'])
    liar.fault = (_, [which], answer) =>
      which === 'latest' ? { ...(answer as object), number: `0x${(BigInt(block.number) - 1n).toString(16)}` } : answer
    const lagging = await chain.latest()
    liar.fault = null
    expect(BigInt(lagging.block.number)).toBe(BigInt(block.number) - 1n)
    expect(lagging.block.hash).not.toBe(block.hash)
  })

  test('refuse an order that is not there', async () => {
    const view = await chain.latest()
    expect(await codeOf(() => view.terms(word('none')))).toBe('chain/unknown-order')
  })

  test('say why a contract refused', async () => {
    const view = await chain.latest()
    await expect(view.committee(word('none'))).rejects.toMatchObject({
      code: 'chain/call-reverted',
      meta: { actual: 'Registry_UnknownCommittee', committee: word('none') },
    })
  })
})

describe('endpoints that lie', () => {
  test('refuses two answers to one call', async () => {
    const view = await chain.latest()
    const forged = (method: string, _: unknown, answer: unknown): unknown =>
      method === 'eth_call' ? (answer as string).replace(/.$/, '7') : answer
    expect(await lying(forged, () => view.order(order))).toBe('chain/rpc-disagree')
  })

  test('refuses two answers about the token: no permit is signed over what one endpoint says', async () => {
    const view = await chain.latest()
    const forged = (method: string, _: unknown, answer: unknown): unknown =>
      method === 'eth_call' ? (answer as string).replace(/.$/, '7') : answer
    expect(await lying(forged, () => view.permitTerms(market.key('buyer').address))).toBe('chain/rpc-disagree')
  })

  test('refuses two blocks of one number', async () => {
    const forged = (method: string, _: unknown, answer: unknown): unknown =>
      method === 'eth_getBlockByNumber' ? { ...(answer as object), hash: word('forked') } : answer
    expect(await lying(forged, () => chain.latest())).toBe('chain/rpc-disagree')
    expect(await lying(forged, () => chain.final())).toBe('chain/rpc-disagree')
  })

  test('refuses logs that only one endpoint has', async () => {
    const view = await chain.latest()
    const silent = (method: string, _: unknown, answer: unknown): unknown => (method === 'eth_getLogs' ? [] : answer)
    expect(await lying(silent, () => view.orderEvents(order))).toBe('chain/rpc-disagree')
  })

  test('refuses terms that do not hash to the order, even from every endpoint', async () => {
    const alone = client({ rpcUrls: [liar.url] })
    const view = await alone.latest()
    const provider = market.key('provider').address.slice(2)
    const forged = (method: string, _: unknown, answer: unknown): unknown =>
      method === 'eth_getLogs'
        ? JSON.parse(JSON.stringify(answer).replaceAll(`"data":"`, `"data":"`).replaceAll(provider, 'ee'.repeat(20)))
        : answer
    expect(await lying(forged, () => view.terms(order))).toBe('chain/unknown-order')
  })

  test('refuses another chain', async () => {
    const elsewhere = (method: string, _: unknown, answer: unknown): unknown =>
      method === 'eth_chainId' ? '0x1' : answer
    expect(await lying(elsewhere, () => client().latest())).toBe('chain/wrong-chain')
    // Once the endpoint is right again, the same client goes on.
    const again = client()
    expect(await lying(elsewhere, () => again.final())).toBe('chain/wrong-chain')
    expect((await again.latest()).block.number).toBeDefined()
  })

  test('refuses a head that stands still, for final reads too', async () => {
    const now = () => Date.now() / 1000 + 10_000_000
    const strict = client({ maxHeadAgeSeconds: 600, now })
    expect(await codeOf(() => strict.latest())).toBe('chain/head-too-old')
    expect(await codeOf(() => strict.final())).toBe('chain/head-too-old')
    const inTime = await market.time()
    expect((await client({ maxHeadAgeSeconds: 600, now: () => inTime + 600 }).final()).block).toBeDefined()
  })

  test('goes no further than the endpoint that lags behind', async () => {
    const head = await chain.latest()
    const lag = (method: string, params: readonly unknown[], answer: unknown): unknown =>
      method === 'eth_getBlockByNumber' && params[0] === 'latest'
        ? { ...(answer as object), number: `0x${(BigInt(head.block.number) - 2n).toString(16)}` }
        : answer
    liar.fault = lag
    expect(BigInt((await chain.latest()).block.number)).toBe(BigInt(head.block.number) - 2n)
    liar.fault = null
  })

  test('says when an endpoint is down', async () => {
    const down = client({ rpcUrls: [market.anvil.url, 'http://127.0.0.1:9'] })
    expect(await codeOf(() => down.latest())).toBe('chain/rpc-failed')
    expect(await codeOf(async () => client({ rpcUrls: [] }))).toBe('chain/rpc-failed')
  })

  test('asks at a block by its hash, which must be part of the chain', async () => {
    const view = await chain.latest()
    let at: unknown
    const watch = (method: string, params: readonly unknown[], answer: unknown): unknown => {
      if (method === 'eth_call') at = params[1]
      return answer
    }
    liar.fault = watch
    await view.order(order)
    liar.fault = null
    expect(at).toEqual({ blockHash: view.block.hash, requireCanonical: true })
  })
})

test('a block that a reorg dropped is not read any more', async () => {
  const snapshot = await market.anvil.rpc('evm_snapshot')
  await market.as('stranger').send('catalog', 'bumpEpoch', [])
  const view = await chain.latest()
  await market.anvil.rpc('evm_revert', [snapshot])
  // Another transaction in its place, or the block's hash could be the same.
  await market.as('stranger').send('catalog', 'revoke', [word('anything')])
  expect(await codeOf(() => view.order(order))).toBe('chain/reorg')
  expect((await (await chain.latest()).order(order)).state).toBe('active')
})

test('ids of orders are those the market gives', async () => {
  const id = await market.deployer.readContract({
    address: market.addresses.market,
    abi: (await import('../abi.ts')).marketAbi,
    functionName: 'idOf',
    args: [termsArgs(terms)],
  })
  expect(id).toBe(order)
})
