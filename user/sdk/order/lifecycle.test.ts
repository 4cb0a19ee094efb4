import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rpc as askRpc } from '@allod/chain/testing'
import { hpkeSeal } from '@allod/content'
import { canonicalise, type Hex, logInfo, noLineage, type OrderEvent, type SignedOffer, utf8 } from '@allod/protocol'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Allod, connect } from '../allod.ts'
import { devnetTrust } from '../devnet/devnetTrust.ts'
import { getOffer, listOffers } from '../listing/listing.ts'
import { objectOf } from '../listing/objectOf.ts'
import { revokeOffer } from '../listing/revokeOffer.ts'
import { balanceOf, fund, withdraw } from '../money/fund.ts'
import { openOrderBook } from '../node/orderBook.ts'
import { newPolicy } from '../policy/newPolicy.ts'
import { memoryFolder } from '../publish/memoryFolder.ts'
import { type OfferLimits, type Price, postOffer } from '../publish/postOffer.ts'
import { publishDataset } from '../publish/publishDataset.ts'
import { offerCompute, publishEngine } from '../publish/publishEngine.ts'
import { objectSubject } from '../publish/publishModel.ts'
import { type SealedHere, sealObject } from '../publish/sealObject.ts'
import { playEnclave } from '../testing/enclave.ts'
import { type LocalNetwork, startLocalNetwork } from '../testing/localNetwork.ts'
import { type PlayedProvider, playProvider } from '../testing/playedProvider.ts'
import { pause } from '../wire/pause.ts'
import { claimOrder, settleOrder } from './claimOrder.ts'
import { earningsOf, orderMoney } from './earnings.ts'
import { endOrder, expireOrder } from './endOrder.ts'
import { extendOrder, quoteExtension } from './extendOrder.ts'
import { followOrder, type OrderStep } from './followOrder.ts'
import type { OrderBook, OrderRecord } from './orderRecord.ts'
import { placeOrder } from './placeOrder.ts'
import { type OrderRequest, quote, requireMaxPrice } from './quote.ts'

let local: LocalNetwork
let played: PlayedProvider
let allod: Allod
let book: OrderBook
let folder = ''
let compute: SignedOffer
let engine: SignedOffer
let model: SealedHere
let data: SealedHere

const second = 10n ** 12n
const rows = (text: string) => memoryFolder(new Map([['rows.jsonl', utf8(text)]]))
const good = '{"prompt":"a","completion":"b"}\n{"prompt":"c","completion":"d"}\n'
const code = (wanted: string) => expect.objectContaining({ code: wanted })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'allod-orders-'))
  played = await playProvider()
  local = await startLocalNetwork(played)
  allod = connect(local.network, { trust: devnetTrust(local.network) })
  book = openOrderBook(join(folder, 'orders'))
  const machine = { cpus: 2, memoryBytes: 2 ** 30, gpus: [], tee: 'simulated' }
  const price = { perSecond: 300n * second, perOrder: 0n }
  compute = (await offerCompute(allod, local.wallet('provider'), { name: 'machine', machine, price })).posted
  const engineFolder = memoryFolder(new Map([['finetune.mjs', utf8('export {}')]]))
  engine = (
    await publishEngine(allod, local.wallet('author'), {
      folder: engineFolder,
      name: 'engine',
      kind: 'finetune',
      price: { perSecond: 10n * second, perOrder: 100_000n },
    })
  ).posted
  const owner = local.wallet('owner')
  model = await sealObject(allod, owner, {
    folder: memoryFolder(new Map([['weights', utf8('0123456789')]])),
    policy: newPolicy(local.network, owner.key.address, { engines: 'any' }),
    name: 'model',
  })
  const buyer = local.wallet('buyer')
  data = await publishDataset(allod, buyer, {
    folder: rows(good),
    policy: newPolicy(local.network, buyer.key.address, { buyers: [buyer.key.address] }),
    name: 'records',
  })
})
afterAll(async () => {
  await local.stop()
  await played.stop()
  rmSync(folder, { recursive: true, force: true })
})

const modelPrice = { perSecond: 100n * second, perOrder: 250_000n }
const offerModel = (
  limits: OfferLimits = {},
  { price = modelPrice, of = model, name }: { price?: Price; of?: SealedHere; name?: string } = {},
) =>
  postOffer(allod, local.wallet('owner'), {
    subject: objectSubject(of),
    price,
    limits,
    description: { version: 1, kind: 'model', name: name ?? `model-${Math.random()}`, summary: '', facts: {} },
  })
const requestOn = (offer: SignedOffer, change: Partial<OrderRequest> = {}): OrderRequest => ({
  kind: 'finetune',
  buyer: local.wallet('buyer').key.address,
  compute: bare(compute),
  engine: bare(engine),
  inputs: {
    model: { kind: 'offer', offer: bare(offer) },
    dataset: { kind: 'own', manifestHash: data.manifestHash },
  },
  seconds: 100,
  ...change,
})
const bare = ({ offer, signature }: SignedOffer): SignedOffer => ({ offer, signature })
const place = async (change: Partial<OrderRequest> = {}): Promise<OrderRecord> => {
  const price = await quote(allod, requestOn(await offerModel(), change))
  return placeOrder(allod, local.wallet('buyer'), price, { book, seed: 7 })
}

test('an offer that is open already is not posted again; any other is', async () => {
  const name = 'twice'
  const first = await offerModel({}, { name })
  expect(await offerModel({}, { name })).toEqual(first)
  expect((await listOffers(allod)).filter((l) => l.description?.name === name)).toHaveLength(1)
  const others = [
    await offerModel({ capacity: 3 }, { name }),
    await offerModel({}, { name, price: { ...modelPrice, perOrder: 1n } }),
    await offerModel({ expiresInSeconds: 3600 }, { name }),
    await offerModel({}, { name: 'other words' }),
  ]
  await revokeOffer(allod, local.wallet('owner'), first.hash)
  const again = await offerModel({}, { name })
  expect(new Set([first, again, ...others].map((o) => o.hash)).size).toBe(6)
})

test('refuses an offer in another token', async () => {
  const foreign: Allod = {
    ...allod,
    network: { ...allod.network, addresses: { ...allod.network.addresses, token: `0x${'01'.repeat(20)}` } },
  }
  await expect(quote(foreign, requestOn(await offerModel()))).rejects.toMatchObject({ code: 'sdk/wrong-token' })
})

test('refuses, before it is paid, a job whose result no policy would let out', async () => {
  const inputs = { dataset: { kind: 'public', treeHash: `0x${'01'.repeat(32)}` } } as const
  const asked = (kind: 'finetune' | 'serve') => quote(allod, requestOn(bare(engine), { kind, inputs }))
  await expect(asked('finetune')).rejects.toMatchObject({ code: 'sdk/nothing-sealed' })
  expect((await asked('serve')).derived).toBeNull()
})

test('shows the price with every payee’s share, as the contract computes it', async () => {
  const price = await quote(allod, requestOn(await offerModel()))
  expect(price.shares.map((s) => [s.label, s.mostUnits])).toEqual([
    ['compute', 30_000n],
    ['model', 260_000n],
    ['engine', 101_000n],
    ['keepers', 7_500n],
  ])
  expect(price.totalUnits).toBe(398_500n)
  expect(price.refundableUnits).toBe(398_500n - 250_000n - 100_000n - 6_000n)
  expect(price.derived?.buyers).toEqual({ kind: 'list', list: [local.wallet('buyer').key.address] })
  expect(() => requireMaxPrice(price, 398_499n)).toThrow(code('sdk/over-max-price'))
})

test('an order runs to its last unit: placed, followed, reported, settled, withdrawn', async () => {
  const buyer = local.wallet('buyer')
  const before = await balanceOf(allod, buyer.key.address)
  const record = await place()
  expect(played.jobs.has(record.order)).toBe(true)
  expect(await book.get('last')).toEqual(record)
  const steps: OrderStep[] = []
  const following = (async () => {
    for await (const step of followOrder(allod, record, { wallet: buyer, until: ['reported'], everyMs: 50 }))
      steps.push(step)
  })()
  const tell = await teller(record)
  await tell({ phase: 'launched' })
  const enclave = playEnclave(allod, local.wallet('provider'), local.keepers, record)
  await enclave.start()
  await tell({ phase: 'granted' })
  await tell({ loss: '2.5', batch: 0 })
  played.cut()
  await tell({ loss: '1.5', batch: 3 })
  await tell({ phase: 'sealing' })
  await vi.waitFor(() => expect(steps).toContainEqual(expect.objectContaining({ step: 'sealed' })), 60_000)
  await local.pass(40)
  await enclave.beat(40)
  await enclave.report(`0x${'77'.repeat(32)}`, noLineage)
  await following
  const names = steps.flatMap((s) =>
    s.kind === 'step' ? [s.step] : s.kind === 'figures' ? [`${s.missing} missing`] : [],
  )
  expect(new Set(names)).toEqual(
    new Set(['funded', 'launched', 'started', 'granted', '0 missing', '2 missing', 'sealed', 'reported']),
  )
  expect(names.indexOf('funded')).toBeLessThan(names.indexOf('started'))
  expect(names.at(-1)).toBe('reported')

  await endOrder(allod, buyer, record)
  await local.pass(30)
  const claims = await settleOrder(allod, buyer, record.order, { maxSeconds: 60 })
  expect(claims.at(-1)?.state).toBe('settled')
  const money = await orderMoney(allod, record.order)
  expect(money.escrow).toBe(0n)
  const paid = money.earnings.reduce((sum, e) => sum + e.claimed, 0n)
  expect(paid + money.refunded).toBe(398_500n)
  // 40 attested seconds: 300 + 100 + 10 + 3 × 5 units each, and the fees.
  expect(paid).toBe(40n * 425n + 250_000n + 100_000n + 6000n)
  const [ownerEarns] = await earningsOf(allod, local.wallet('owner').key.address)
  expect(ownerEarns).toMatchObject({ claimed: 254_000n, claimable: 0n, lanes: [1] })
  const { units } = await withdraw(allod, local.wallet('owner'))
  expect(units).toBe(254_000n)
  expect((await balanceOf(allod, local.wallet('owner').key.address)).wallet).toBe(254_000n)
  await withdraw(allod, buyer)
  expect(before.market + before.wallet - (await balanceOf(allod, buyer.key.address)).wallet).toBe(paid)
})

test('a provider that never starts costs nothing', async () => {
  const buyer = local.wallet('buyer')
  const record = await place()
  await expect(expireOrder(allod, buyer, record)).rejects.toMatchObject({ code: 'market/too-early' })
  await expect(settleOrder(allod, buyer, record.order)).rejects.toMatchObject({ code: 'sdk/still-running' })
  await local.pass(120)
  await expireOrder(allod, buyer, record)
  const steps: string[] = []
  for await (const step of followOrder(allod, record, { everyMs: 50 })) if (step.kind === 'step') steps.push(step.step)
  expect(steps.at(-1)).toBe('expired')
  expect((await orderMoney(allod, record.order)).refunded).toBe(398_500n)
})

test('a running order can be lengthened, ended and claimed lane by lane', async () => {
  const buyer = local.wallet('buyer')
  const record = await place()
  const enclave = playEnclave(allod, local.wallet('provider'), local.keepers, record)
  await expect(quoteExtension(allod, record, { seconds: 10 })).rejects.toMatchObject({ code: 'sdk/not-running' })
  await enclave.start()
  const look = async () => (await allod.chain.latest()).order(record.order)
  const before = await look()
  const longer = await quoteExtension(allod, record, { seconds: 10 })
  expect(longer).toMatchObject({ from: before.endsAt, to: before.endsAt + 10, seconds: 10 })
  const cheaper = { ...longer, totalUnits: longer.totalUnits - 1n }
  await expect(extendOrder(allod, buyer, record, cheaper)).rejects.toMatchObject({ code: 'market/escrow-over-max' })
  await extendOrder(allod, buyer, record, longer)
  const { seconds, endsAt, escrow } = await look()
  expect([seconds, endsAt, escrow]).toEqual([110, longer.to, before.escrow + longer.totalUnits])
  // Until a time, it is lengthened once however often it is asked for.
  const again = await quoteExtension(allod, record, { until: longer.to })
  expect(again).toMatchObject({ from: longer.to, to: longer.to, seconds: 0, totalUnits: 0n })
  const little = await quoteExtension(allod, record, { until: longer.to + 1 })
  await extendOrder(allod, buyer, record, little)
  expect((await look()).escrow).toBe(escrow + little.totalUnits)
  await local.pass(20)
  await enclave.beat(10)
  const { amounts } = await claimOrder(allod, local.wallet('provider'), record.order, { lanes: [0] })
  expect(amounts).toEqual([3000n, 0n, 0n, 0n])
  await expect(settleOrder(allod, buyer, record.order, { isEnding: true, maxSeconds: 0 })).rejects.toMatchObject({
    code: 'sdk/not-settled',
  })
})

test('a term is not lengthened until then while its lengthening is in no block, nor once it is', async () => {
  const buyer = local.wallet('buyer')
  const record = await place()
  await playEnclave(allod, local.wallet('provider'), local.keepers, record).start()
  const longer = await quoteExtension(allod, record, { seconds: 10 })
  // With the money in the market already, what lengthens is all that is sent.
  await fund(allod, buyer, longer.totalUnits)
  const rpc = (method: string, ...params: readonly unknown[]) => askRpc(local.network.rpcUrls[0] ?? '', method, params)
  await rpc('evm_setAutomine', false)
  const sent = extendOrder(allod, buyer, record, longer)
  const again = () => quoteExtension(allod, record, { until: longer.to })
  try {
    while (((await rpc('txpool_status')) as { pending: string }).pending !== '0x1') await pause(5)
    await expect(again()).rejects.toMatchObject({
      code: 'sdk/transaction-pending',
      meta: { actual: buyer.key.address },
    })
    // So many seconds more are meant to add up.
    expect(await quoteExtension(allod, record, { seconds: 10 })).toMatchObject({ seconds: 10 })
  } finally {
    await rpc('evm_mine')
    await rpc('evm_setAutomine', true)
  }
  await sent
  expect(await again()).toMatchObject({ seconds: 0, totalUnits: 0n })
})

test('an order that somebody else ends just before it is to be ended is settled all the same', async () => {
  const record = await place()
  await playEnclave(allod, local.wallet('provider'), local.keepers, record).start()
  const before = await allod.chain.latest()
  await endOrder(allod, local.wallet('buyer'), record)
  let looks = 0
  const behind: Allod = {
    ...allod,
    chain: { ...allod.chain, latest: () => (looks++ === 0 ? Promise.resolve(before) : allod.chain.latest()) },
  }
  await local.pass(60)
  const claims = await settleOrder(behind, local.wallet('buyer'), record.order, { isEnding: true, maxSeconds: 60 })
  expect(claims.at(-1)).toMatchObject({ state: 'settled' })
})

test('gives up following when nothing happens for too long', async () => {
  const record = await place()
  const silent: Allod = {
    ...allod,
    chain: { ...allod.chain, latest: () => new Promise(() => undefined) },
    fetch: () => new Promise(() => undefined),
  }
  const first = followOrder(silent, record, { idleMs: 50 }).next()
  await expect(first).rejects.toMatchObject({ code: 'sdk/follow-timeout' })
})

test('sends the job again to a provider that lost it', async () => {
  const record = await place()
  played.jobs.delete(record.order)
  const steps = followOrder(allod, record, { everyMs: 50 })
  for await (const step of steps) if (step.kind === 'line' && step.isUp) break
  expect(played.jobs.has(record.order)).toBe(true)
})

test('refuses offers that cannot be ordered, each with its reason', async () => {
  const gone = await offerModel()
  await revokeOffer(allod, local.wallet('owner'), gone.hash)
  await expect(quote(allod, requestOn(gone))).rejects.toMatchObject({
    code: 'sdk/offer-not-open',
    meta: { actual: 'revoked' },
  })
  await expect(quote(allod, requestOn(await offerModel({ expiresInSeconds: 0 })))).rejects.toMatchObject({
    code: 'sdk/offer-not-open',
    meta: { actual: 'expired' },
  })
  await expect(quote(allod, requestOn(await offerModel({ maxSeconds: 50 })))).rejects.toMatchObject({
    code: 'sdk/bad-term',
  })
  const { offer, signature } = await offerModel()
  await expect(quote(allod, requestOn({ offer: { ...offer, perOrder: '1' }, signature }))).rejects.toMatchObject({
    code: 'protocol/offer-not-by-owner',
  })
  expect((await listOffers(allod)).some((l) => l.hash === gone.hash)).toBe(false)
  expect((await listOffers(allod, { isAll: true, kind: 'model' })).some((l) => l.hash === gone.hash)).toBe(true)
})

test('refuses what the inputs’ policies do not allow, naming the clause', async () => {
  const offer = await offerModel()
  await expect(quote(allod, requestOn(offer, { kind: 'run' }))).rejects.toMatchObject({
    code: 'sdk/not-allowed',
    meta: { clause: 'purposes' },
  })
  const other = local.wallet('author').key.address
  await expect(quote(allod, requestOn(offer, { buyer: other }))).rejects.toMatchObject({ code: 'sdk/not-the-owner' })
  const stranger = newPolicy(local.network, other, { engines: [`0x${'01'.repeat(32)}`] })
  await expect(
    quote(allod, requestOn(offer, { inputs: { dataset: { kind: 'unsealed', policy: stranger } } })),
  ).rejects.toMatchObject({ code: 'sdk/not-allowed', meta: { clause: 'engines' } })
  const hardware = { ...stranger, tee: { trust: 'hardware', kinds: ['tdx'], minimumTcb: 0, gpu: 'none' } } as const
  const { inputs } = requestOn(offer)
  await expect(
    quote(allod, requestOn(offer, { inputs: { ...inputs, more: { kind: 'unsealed', policy: hardware } } })),
  ).rejects.toMatchObject({ code: 'protocol/policies-exclude', meta: { clause: 'tee' } })
})

test('refuses a quote that cannot be paid, is another’s, or is not sealed yet', async () => {
  const price = await quote(allod, requestOn(await offerModel({}, { price: { perSecond: 0n, perOrder: 10n ** 15n } })))
  await expect(placeOrder(allod, local.wallet('buyer'), price, { book })).rejects.toMatchObject({
    code: 'sdk/too-little-money',
  })
  await expect(placeOrder(allod, local.wallet('author'), price, { book })).rejects.toMatchObject({
    code: 'sdk/not-the-buyer',
  })
  const policy = newPolicy(local.network, local.wallet('buyer').key.address, { engines: 'any' })
  const planned = await quote(
    allod,
    requestOn(await offerModel(), { inputs: { dataset: { kind: 'unsealed', policy } } }),
  )
  await expect(placeOrder(allod, local.wallet('buyer'), planned, { book })).rejects.toMatchObject({
    code: 'sdk/not-sealed',
  })
  await expect(fund(allod, local.wallet('owner'), 10n ** 12n)).rejects.toMatchObject({ code: 'sdk/too-little-money' })
})

test('finds an offer by its hash, its beginning or its name', async () => {
  const posted = await offerModel()
  const listing = await getOffer(allod, posted.hash)
  expect(listing).toMatchObject({ hash: posted.hash, state: 'open', description: { kind: 'model' } })
  expect((await getOffer(allod, posted.hash.slice(0, 14))).hash).toBe(posted.hash)
  expect((await getOffer(allod, listing.description?.name ?? '')).hash).toBe(posted.hash)
  await expect(getOffer(allod, `0x${'00'.repeat(32)}`)).rejects.toMatchObject({ code: 'sdk/unknown-offer' })
  await expect(getOffer(allod, 'nobody offers this')).rejects.toMatchObject({ code: 'sdk/unknown-offer' })
  for (const perOrder of [1n, 2n]) await offerModel({}, { name: 'twins', price: { ...modelPrice, perOrder } })
  await expect(getOffer(allod, 'twins')).rejects.toMatchObject({ code: 'sdk/ambiguous-offer' })
})

test('names file, line and reason of each bad row before anything is sealed', async () => {
  const choices = {
    policy: newPolicy(local.network, local.wallet('buyer').key.address, { engines: 'any' }),
    name: 'bad',
  }
  const bad = publishDataset(allod, local.wallet('buyer'), { ...choices, folder: rows(`${good}{"prompt":1}\n`) })
  await expect(bad).rejects.toMatchObject({
    code: 'sdk/bad-dataset',
    meta: { count: 1, actual: expect.stringContaining('rows.jsonl:3') },
  })
})

test('refuses to seal under another owner’s policy', async () => {
  const policy = newPolicy(local.network, local.wallet('owner').key.address, { engines: 'any' })
  const sealing = sealObject(allod, local.wallet('buyer'), { folder: rows(good), policy, name: 'x' })
  await expect(sealing).rejects.toMatchObject({ code: 'sdk/not-your-policy' })
})

test('says what anybody may know of an object', async () => {
  const facts = await objectOf(allod, data.manifestHash)
  expect(facts).toMatchObject({ objectId: data.objectId, isPadded: true, standing: 'live', isDerived: false })
  expect(facts.storedBytes).toBe(1 << 20)
})

test('refuses to go on with one store only', async () => {
  await local.stopStore(1)
  await expect(offerModel()).rejects.toMatchObject({ code: 'sdk/too-few-stores', meta: { actual: 1 } })
})

/** Tells events as an enclave does by its host; figures are sealed to the spec's log key under their batch's number. */
async function teller(record: OrderRecord) {
  let seq = 0
  return async (said: { phase: OrderEvent['event']['phase'] } | { loss: string; batch: number }): Promise<void> => {
    const event =
      'phase' in said
        ? { phase: said.phase, detail: null, sealed: null }
        : { phase: null, detail: null, sealed: await figures(said) }
    played.tell({ order: record.order, generation: 1, seq: seq++, time: Date.now(), event })
  }
  function figures({ loss, batch }: { loss: string; batch: number }) {
    const step = { event: 'step', step: batch, of: 9, tokens: 1, loss, lr: '0.001', tokensPerSecond: 1 }
    const info = logInfo({ order: record.order, generation: 1, seq: batch })
    return hpkeSeal(record.spec.recipients.logs as Hex, info, new Uint8Array(), canonicalise([step]))
  }
}
