import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { evidenceHash, evidenceShape } from '@allod/attestation'
import { type SimulatedKey, simulatedRoot } from '@allod/attestation/simulated'
import { hpkeSeal, type Manifest, manifestObjectId, openWrap, parseManifest } from '@allod/content'
import { type SealedObject, sealFolder } from '@allod/content/seal'
import {
  AllodError,
  derivePolicy,
  type Envelope,
  envelopeHash,
  fromHex,
  fromUtf8,
  type Json,
  lineageOf,
  policyHash,
  type ReleaseReply,
  releaseHash,
  releaseInfo,
  releaseShape,
  type SignedOffer,
  signDigest,
  utf8,
} from '@allod/protocol'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { offerResult } from '../agent/agentCard.ts'
import { type Allod, connect } from '../allod.ts'
import { devnetTrust } from '../devnet/devnetTrust.ts'
import { balanceOf } from '../money/fund.ts'
import { openOrderBook } from '../node/orderBook.ts'
import { endOrder } from '../order/endOrder.ts'
import type { OrderRecord } from '../order/orderRecord.ts'
import { placeOrder } from '../order/placeOrder.ts'
import { type OrderRequest, quote } from '../order/quote.ts'
import { newPolicy, type PolicyChoices } from '../policy/newPolicy.ts'
import { memoryFolder } from '../publish/memoryFolder.ts'
import { postOffer, signOffer } from '../publish/postOffer.ts'
import { publishDataset } from '../publish/publishDataset.ts'
import { offerCompute, publishEngine } from '../publish/publishEngine.ts'
import { objectSubject } from '../publish/publishModel.ts'
import { sealObject } from '../publish/sealObject.ts'
import { verifyReport } from '../report/verifyReport.ts'
import { playEnclave } from '../testing/enclave.ts'
import { type LocalNetwork, startLocalNetwork } from '../testing/localNetwork.ts'
import { type PlayedProvider, playProvider } from '../testing/playedProvider.ts'
import { newSimulatedKey, reportOver, seal } from '../testing/sampleReport.ts'
import { fetchReport, registerDerived } from './deriveObject.ts'
import { openResult } from './openResult.ts'

let local: LocalNetwork
let played: PlayedProvider
let allod: Allod
let folder = ''
let root: SimulatedKey
let compute: SignedOffer
let engine: SignedOffer
/** What a keeper changes in its answer. */
let lie: Partial<ReleaseReply> = {}

const free = { perSecond: 0n, perOrder: 0n }
const bare = ({ offer, signature }: SignedOffer): SignedOffer => ({ offer, signature })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'allod-result-'))
  root = await newSimulatedKey()
  played = await playProvider()
  local = await startLocalNetwork(played, { root: simulatedRoot(root.publicKey) })
  allod = connect(local.network, { trust: devnetTrust(local.network) })
  const machine = { cpus: 2, memoryBytes: 2 ** 30, gpus: [], tee: 'simulated' }
  compute = (await offerCompute(allod, local.wallet('provider'), { name: 'machine', machine, price: free })).posted
  const program = memoryFolder(new Map([['finetune.mjs', utf8('export {}')]]))
  engine = (
    await publishEngine(allod, local.wallet('author'), {
      folder: program,
      name: 'engine',
      kind: 'finetune',
      price: free,
    })
  ).posted
  for (const [i, { key, hpke }] of local.keepers.entries())
    played.answers.set(`/keeper-${i}/release`, async (body) => release(body, key, hpke.secret))
})
beforeEach(() => {
  lie = {}
})
afterAll(async () => {
  await local.stop()
  await played.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('takes a result out where every policy lets it, through any two keepers', async () => {
  const done = await finished({ export: { adapter: 'buyer' } })
  played.answers.delete('/keeper-0/release')
  const files = await opened(done.record)
  expect(files.get('adapter.txt')).toBe('learned')
  played.answers.set('/keeper-0/release', async (body) => release(body, keeperAt(0).key, keeperAt(0).hpke.secret))
  // What is derived can be ordered again, under an offer by its owner.
  const { signed } = await offerResult(allod, local.wallet('buyer'), done.record, { name: 'tuned', price: free })
  const price = await quote(allod, serveOn(done.model, signed))
  expect(price.manifests.adapter).toEqual(done.sealed.manifest)
})

test('refuses in words what a policy keeps in', async () => {
  const done = await finished({})
  await expect(opened(done.record)).rejects.toMatchObject({
    code: 'sdk/export-forbidden',
    meta: { actual: 'never', forbiddenBy: ['model'] },
  })
})

test('names each keeper’s reason where too few release, and counts no share that is not theirs', async () => {
  const done = await finished({ export: { adapter: 'buyer' } })
  for (const [part, code] of [
    [{ index: 9 }, 'sdk/bad-answer'],
    [{ by: { signer: keeperAt(0).key.address, signature: `0x${'01'.repeat(65)}` } }, 'protocol/bad-signature'],
  ] as const) {
    lie = part
    await expect(opened(done.record), code).rejects.toMatchObject({
      code: 'sdk/not-released',
      meta: { refusals: expect.arrayContaining([expect.objectContaining({ code })]) },
    })
  }
})

test('a report is the one on chain or none', async () => {
  const record = await placed(await offered({}))
  await expect(fetchReport(allod, record)).rejects.toMatchObject({ code: 'sdk/not-reported' })
  const done = await finished({})
  const other = await finished({})
  played.answers.set(`/orders/${done.record.order}/report`, async () => other.request)
  await expect(fetchReport(allod, done.record)).rejects.toMatchObject({ code: 'sdk/report-not-recorded' })
  await expect(offerResult(allod, local.wallet('owner'), done.record)).rejects.toMatchObject({
    code: 'sdk/not-the-buyer',
  })
})

test('registers what was derived once', async () => {
  const done = await finished({})
  const report = await fetchReport(allod, done.record)
  const buyer = local.wallet('buyer')
  const id = await registerDerived(allod, buyer, done.record, report)
  expect(id).toBe(done.sealed.objectId)
  expect(await registerDerived(allod, buyer, done.record, report)).toBe(id)
  expect(await registerDerived(allod, buyer, done.record, { ...report, derived: null })).toBeNull()
})

test('refuses a derived object whose manifest another enclave signed', async () => {
  const done = await finished({})
  const report = await fetchReport(allod, done.record)
  await registerDerived(allod, local.wallet('buyer'), done.record, report)
  const { policy } = done.sealed.manifest
  const forged = await sealed(policy, local.wallet('author').key)
  const subject = { ...objectSubject(done.sealed), manifestHash: forged.manifestHash }
  const signed = await signOffer(allod, local.wallet('buyer'), subject, free)
  await expect(quote(allod, serveOn(done.model, signed))).rejects.toMatchObject({ code: 'sdk/not-its-maker' })
})

test('ends at once what was created at other prices than quoted, and the buyer has every unit back', async () => {
  const price = await quote(allod, requestOn(await offered({})))
  const book = openOrderBook(join(folder, 'outdated'))
  const lanes = price.lanes.map((lane, i) => (i === 0 ? { ...lane, perOrder: 1n } : lane))
  const buyer = local.wallet('buyer')
  const whole = async () => {
    const balance = await balanceOf(allod, buyer.key.address)
    return balance.market + balance.wallet
  }
  const before = await whole()
  const error = await placeOrder(allod, buyer, { ...price, lanes }, { book }).catch((e: unknown) => e)
  expect(error).toMatchObject({ code: 'sdk/quote-outdated', meta: { isRefunded: true } })
  expect(await whole()).toBe(before)
  // Both are kept, each under the id that its terms have: the one that was quoted, and the one that was created.
  const created = await book.get(String((error as AllodError).meta.actual))
  expect((await (await allod.chain.latest()).order(created.order)).state).toBe('settled')
  expect(await book.list()).toHaveLength(2)
})

test('finds no provider without an address', async () => {
  const book = openOrderBook(join(folder, 'other'))
  const machine = { cpus: 2, memoryBytes: 2 ** 30, gpus: [], tee: 'simulated' }
  const { posted } = await offerCompute(allod, local.wallet('author'), { name: 'unregistered', machine, price: free })
  const open = newPolicy(local.network, local.wallet('owner').key.address, { engines: 'any', providers: 'any' })
  const anywhere = await quote(allod, {
    ...requestOn(await offered({})),
    compute: bare(posted),
    inputs: { x: { kind: 'unsealed', policy: open } },
  })
  await expect(
    placeOrder(allod, local.wallet('buyer'), { ...anywhere, request: { ...anywhere.request, inputs: {} } }, { book }),
  ).rejects.toMatchObject({ code: 'sdk/no-endpoint' })
})

test('a report is valid then, and revoked since once its build is', async () => {
  const { envelope } = await finished({})
  const options = { trust: allod.trust, view: await allod.chain.latest() }
  expect(await verifyReport(envelope, options)).toMatchObject({ verdict: 'valid-then', isHardware: false })
  const other = await finished({})
  await expect(verifyReport({ ...other.envelope, payload: envelope.payload }, options)).rejects.toMatchObject({
    code: 'report/signature-mismatch',
  })
  await local.revokeBuild()
  const later = { ...options, view: await allod.chain.latest() }
  expect(await verifyReport(envelope, later)).toMatchObject({ verdict: 'revoked-since' })
})

const keeperAt = (index: number) => {
  const keeper = local.keepers[index]
  if (keeper === undefined) throw new Error(`no keeper ${index}`)
  return keeper
}

async function offered(choices: PolicyChoices): Promise<SignedOffer> {
  const owner = local.wallet('owner')
  const object = await sealObject(allod, owner, {
    folder: memoryFolder(new Map([['weights', utf8('0123456789')]])),
    policy: newPolicy(local.network, owner.key.address, { engines: 'any', ...choices }),
    name: 'model',
  })
  const description = { version: 1, kind: 'model', name: 'model', summary: '', facts: {} } as const
  return bare(await postOffer(allod, owner, { subject: objectSubject(object), price: free, description }))
}

const requestOn = (model: SignedOffer): OrderRequest => ({
  kind: 'finetune',
  buyer: local.wallet('buyer').key.address,
  compute: bare(compute),
  engine: bare(engine),
  inputs: { model: { kind: 'offer', offer: model } },
  seconds: 100,
})

const serveOn = (base: SignedOffer, adapter: SignedOffer): OrderRequest => ({
  ...requestOn(base),
  kind: 'serve',
  inputs: { base: { kind: 'offer', offer: base }, adapter: { kind: 'offer', offer: adapter } },
})

async function placed(model: SignedOffer): Promise<OrderRecord> {
  const buyer = local.wallet('buyer')
  const data = await publishDataset(allod, buyer, {
    folder: memoryFolder(new Map([['rows.jsonl', utf8('{"prompt":"a","completion":"b"}\n')]])),
    policy: newPolicy(local.network, buyer.key.address, { engines: 'any', export: { adapter: 'buyer' } }),
    name: 'records',
  })
  const request = requestOn(model)
  const inputs = { ...request.inputs, dataset: { kind: 'own', manifestHash: data.manifestHash } } as const
  const book = openOrderBook(join(folder, 'orders'))
  return placeOrder(allod, buyer, await quote(allod, { ...request, inputs }), { book, parameters: { method: 'lora' } })
}

const sealed = (
  policy: Manifest['policy'],
  signer: Parameters<typeof sealFolder>[1]['signer'],
): Promise<SealedObject> =>
  sealFolder(memoryFolder(new Map([['adapter.txt', utf8('learned')]])), {
    policy,
    committee: local.network.committee,
    chainId: 31_337n,
    assets: local.network.addresses.assets,
    signer,
    stores: allod.stores,
    isPadded: true,
  })

/** An order that has run: its result sealed, its report signed, recorded and served. */
async function finished(choices: PolicyChoices) {
  const model = await offered(choices)
  const record = await placed(model)
  const play = playEnclave(allod, local.wallet('provider'), local.keepers, record)
  const parents = Object.values(record.manifests).map((m) => ({ objectId: manifestObjectId(m), policy: m.policy }))
  const policy = derivePolicy(record.terms.buyer, record.spec.derived.royalty, parents as never)
  const result = await sealed(policy, play.enclave)
  const { objectId, manifest, manifestHash } = result
  const predicate = await reportOver({
    ...record,
    voters: local.keepers.slice(0, 2).map((k) => k.key),
    enclave: play.enclave,
    root,
    chip: await newSimulatedKey(),
    outputs: [{ name: 'adapter', objectId, manifestHash, policyHash: policyHash(policy), owner: policy.owner }],
    storage: result.receipts,
  })
  const envelope: Envelope = seal(play.enclave, predicate)
  const derived = {
    header: manifest.header,
    owner: policy.owner,
    policyHash: policyHash(policy),
    parents: [...policy.lineage],
  }
  await play.start(evidenceHash(evidenceShape(predicate.evidence)))
  await play.report(envelopeHash(envelope), lineageOf(derived))
  await endOrder(allod, local.wallet('buyer'), record)
  const reported = {
    order: record.order,
    generation: 1,
    reportHash: envelopeHash(envelope),
    lineage: lineageOf(derived),
  }
  const request = {
    envelope,
    reported,
    signature: `0x${'00'.repeat(65)}`,
    derived,
    manifests: { adapter: manifest },
  } as unknown as Json
  played.answers.set(`/orders/${record.order}/report`, async () => request)
  return { record, model, sealed: result, envelope, request }
}

async function release(
  body: Uint8Array,
  key: Parameters<typeof signDigest>[0],
  secret: Parameters<typeof openWrap>[0],
): Promise<Json> {
  const { order, spec, manifest: given, committee } = releaseShape(JSON.parse(fromUtf8(body)))
  const manifest = parseManifest(given)
  const objectId = manifestObjectId(manifest)
  const index = committee.members.findIndex((m) => m.address === key.address) + 1
  const wrap = manifest.shares[index - 1]
  if (wrap === undefined) throw new AllodError('keeper/not-a-member', 'not mine', 'ask another')
  const { assets } = local.network.addresses
  const share = await openWrap(secret, wrap, { chainId: 31_337n, assets, objectId, index, t: 2, n: 3 })
  const info = releaseInfo({ order, objectId, index })
  const reply = {
    objectId,
    index,
    sealed: await hpkeSeal(spec.recipients.results, info, new Uint8Array(), share.expose()),
  }
  const signature = signDigest(key, fromHex(releaseHash(order, reply), 32))
  return { ...reply, by: { signer: key.address, signature }, ...lie } as unknown as Json
}

async function opened(record: OrderRecord): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>()
  await openResult(allod, local.wallet('buyer'), record, {
    maxSeconds: 5,
    sink: {
      async open({ path }) {
        const parts: Uint8Array[] = []
        return {
          write: async (bytes) => void parts.push(bytes.slice()),
          commit: async () => void files.set(path, parts.map(fromUtf8).join('')),
          discard: async () => undefined,
        }
      },
    },
  })
  return files
}
