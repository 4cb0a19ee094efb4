import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EvidenceBundle } from '@allod/attestation'
import { type SimulatedKey, simulatedRoot } from '@allod/attestation/simulated'
import { createServiceKey, openRequest, ReplaySet, type ServiceKey } from '@allod/channel'
import {
  type AccessToken,
  type AgentCard,
  accessTokenShape,
  type BoundFacts,
  canonicalise,
  concat,
  devicesHash,
  fromBase64Url,
  fromUtf8,
  type Hex,
  type Json,
  parseCanonical,
  type Receipt,
  requireAccessToken,
  sha256,
  signAgentCard,
  signReceipt,
  specHash,
  toHex,
  utf8,
} from '@allod/protocol'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Allod, connect } from '../allod.ts'
import { devnetTrust } from '../devnet/devnetTrust.ts'
import { openOrderBook } from '../node/orderBook.ts'
import { endOrder } from '../order/endOrder.ts'
import type { OrderRecord } from '../order/orderRecord.ts'
import { placeOrder } from '../order/placeOrder.ts'
import { quote } from '../order/quote.ts'
import { newPolicy } from '../policy/newPolicy.ts'
import { memoryFolder } from '../publish/memoryFolder.ts'
import { postOffer } from '../publish/postOffer.ts'
import { offerCompute, publishEngine } from '../publish/publishEngine.ts'
import { objectSubject } from '../publish/publishModel.ts'
import { sealObject } from '../publish/sealObject.ts'
import { playEnclave } from '../testing/enclave.ts'
import { build, type LocalNetwork, startLocalNetwork } from '../testing/localNetwork.ts'
import { type PlayedProvider, playProvider } from '../testing/playedProvider.ts'
import { newSimulatedKey, sampleEvidence } from '../testing/sampleReport.ts'
import { verifyEvidence } from '../verify/verifyEvidence.ts'
import { newAgentCard } from './agentCard.ts'
import { ask, callAgent } from './chat.ts'
import { readTranscript } from './receipts.ts'
import { decodeToken, encodeToken, issueToken } from './token.ts'
import { type AgentVerdict, requireAgent, verifyAgent } from './verifyAgent.ts'

let local: LocalNetwork
let played: PlayedProvider
let allod: Allod
let folder = ''
let record: OrderRecord
let enclave: ReturnType<typeof playEnclave>
let root: SimulatedKey
let chip: SimulatedKey
let service: ServiceKey
let card: AgentCard
let token: AccessToken
/** What the enclave changes about itself in a test. */
let lie: {
  readonly bound?: Partial<BoundFacts>
  readonly receipt?: Partial<Receipt>
  readonly answer?: 'json' | 'error' | 'nothing' | 'half' | 'unsigned'
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'allod-agent-'))
  ;[root, chip] = [await newSimulatedKey(), await newSimulatedKey()]
  played = await playProvider()
  local = await startLocalNetwork(played, { root: simulatedRoot(root.publicKey) })
  allod = connect(local.network, { trust: devnetTrust(local.network) })
  record = await serveOrder()
  enclave = playEnclave(allod, local.wallet('provider'), local.keepers, record)
  await enclave.start()
  service = {
    ...(await createServiceKey()),
    orderId: record.order,
    bundleHash: enclave.evidenceHash,
    replays: new ReplaySet(),
  }
  played.answers.set(
    `/o/${record.order}/evidence`,
    async (_, query) => evidence(query.get('nonce') as Hex) as Promise<Json>,
  )
  played.answers.set(`/o/${record.order}/sealed`, answerSealed)
  card = newAgentCard(local.wallet('buyer'), record, { name: 'helper' })
  token = await issueToken(local.wallet('buyer'), record)
})
beforeEach(() => {
  lie = {}
})
afterAll(async () => {
  await local.stop()
  await played.stop()
  rmSync(folder, { recursive: true, force: true })
})

const question = { messages: [{ role: 'user', content: 'who?' }] } as const
const accepted = async (): Promise<AgentVerdict> => {
  const verdict = await verifyAgent(allod, card)
  requireAgent(verdict)
  return verdict
}

test('verifies an agent by every check, then talks to it sealed and checks the receipt', async () => {
  const verdict = await verifyAgent(allod, card)
  expect(verdict.checks.filter((c) => c.result !== 'pass')).toEqual([])
  expect(verdict).toMatchObject({
    isAccepted: true,
    isHardware: false,
    generation: 1,
    enclave: enclave.enclave.address,
  })
  const answer = await ask(allod, verdict, { ...question, token })
  expect(answer).toMatchObject({ text: 'Ada runs it.', finishReason: 'stop', promptTokens: 3, completionTokens: 4 })
  expect(answer.receipt.order).toBe(record.order)
})

test('what was asked and said can be read from the bytes kept beside a receipt, and from no others', async () => {
  const answer = await ask(allod, await accepted(), { ...question, model: 'base', token })
  expect(readTranscript(answer)).toEqual({ model: 'base', messages: question.messages, text: 'Ada runs it.' })
  for (const changed of [{ request: answer.answer }, { answer: answer.request }])
    expect(() => readTranscript({ ...answer, ...changed })).toThrow(
      expect.objectContaining({ code: 'sdk/bad-receipt' }),
    )
})

test('takes plain JSON answers with their receipt too', async () => {
  lie = { answer: 'json' }
  const { json, receipt } = await callAgent(allod, await accepted(), {
    method: 'POST',
    path: '/v1/completions',
    body: { prompt: 'x' },
    token,
  })
  expect(json).toMatchObject({ choices: [{ text: 'yes' }] })
  expect(receipt?.engine).toBe(record.spec.engine.digest)
})

test('refuses evidence that binds another key, order, build or role, naming the check', async () => {
  const lies: readonly (readonly [Partial<BoundFacts>, string])[] = [
    [{ order: `0x${'01'.repeat(32)}` }, 'order'],
    [{ specHash: `0x${'01'.repeat(32)}` }, 'spec'],
    [{ signingAddress: `0x${'01'.repeat(20)}` }, 'signing-address'],
    [{ role: 'grant' }, 'role'],
    [{ generation: 2 }, 'generation'],
    [{ buildDigest: `0x${'01'.repeat(32)}` }, 'measurement'],
    [{ nonces: [{ id: `0x${'00'.repeat(32)}`, nonce: `0x${'01'.repeat(32)}` }] }, 'nonce'],
  ]
  for (const [bound, check] of lies) {
    lie = { bound }
    const verdict = await verifyAgent(allod, card)
    expect(
      verdict.checks.filter((c) => c.result !== 'pass').map((c) => c.name),
      check,
    ).toContain(check)
    expect(() => requireAgent(verdict)).toThrow(expect.objectContaining({ code: 'sdk/agent-refused' }))
    await expect(ask(allod, verdict, { ...question, token })).rejects.toMatchObject({ code: 'sdk/agent-refused' })
  }
})

test('refuses a simulated agent where no simulated root is trusted', async () => {
  const verdict = await verifyAgent(connect(local.network), card)
  expect(verdict.checks).toContainEqual(
    expect.objectContaining({ name: 'evidence', result: 'fail', actual: 'attestation/unsupported-kind' }),
  )
})

test('refuses an older card, another agent’s card, and a card somebody else signed', async () => {
  const later: AgentCard = newAgentCard(local.wallet('buyer'), record, { name: 'helper', known: card })
  await expect(verifyAgent(allod, card, { known: later })).rejects.toMatchObject({ code: 'protocol/card-rolled-back' })
  const other = newAgentCard(local.wallet('buyer'), record, { name: 'other' })
  await expect(verifyAgent(allod, other, { known: card })).rejects.toMatchObject({
    code: 'protocol/card-of-another-agent',
  })
  await expect(verifyAgent(allod, { ...card, buyer: local.wallet('owner').key.address })).rejects.toMatchObject({
    code: 'protocol/wrong-signer',
  })
  expect(() => newAgentCard(local.wallet('owner'), record, { name: 'x' })).toThrow(
    expect.objectContaining({ code: 'sdk/not-the-buyer' }),
  )
})

test('refuses an answer whose receipt is for another question, order or engine', async () => {
  const verdict = await accepted()
  for (const [receipt, field] of [
    [{ order: `0x${'01'.repeat(32)}` }, 'order'],
    [{ engine: `0x${'01'.repeat(32)}` }, 'engine'],
    [{ objects: [] }, 'objects'],
    [{ requestHash: `0x${'01'.repeat(32)}` }, 'request'],
    [{ responseHash: `0x${'01'.repeat(32)}` }, 'response'],
    [{ promptTokens: -1 }, 'shape'],
    [{ signature: `0x${'01'.repeat(65)}` }, 'signature'],
  ] as const) {
    lie = { receipt: receipt as Partial<Receipt> }
    await expect(ask(allod, verdict, { ...question, token }), field).rejects.toMatchObject({
      code: 'sdk/bad-receipt',
      meta: { field },
    })
  }
})

test('refuses an answer that comes without a receipt', async () => {
  const verdict = await accepted()
  lie = { answer: 'unsigned' }
  await expect(ask(allod, verdict, { ...question, token })).rejects.toMatchObject({
    code: 'sdk/bad-receipt',
    meta: { field: 'missing' },
  })
})

test.each([
  ['another engine than the order rents', { engine: `0x${'01'.repeat(32)}` as Hex }, 'card-engine'],
  ['fewer objects than the order rents', { objects: [] }, 'card-objects'],
])('a card that names %s is refused', async (_, change, name) => {
  const { signature: __, version: ___, buyer: ____, ...body } = card
  const verdict = await verifyAgent(allod, signAgentCard(local.wallet('buyer').key, { ...body, ...change }))
  expect(verdict.isAccepted).toBe(false)
  expect(verdict.checks.filter((c) => c.result !== 'pass').map((c) => c.name)).toEqual([name])
})

test('says by its code why an agent refused', async () => {
  lie = { answer: 'error' }
  await expect(ask(allod, await accepted(), { ...question, token })).rejects.toMatchObject({
    code: 'sdk/agent-error',
    meta: { actual: 'runtime/quota-used-up' },
  })
})

test('refuses to use a verdict that is too old, and says when the gateway is gone', async () => {
  const verdict = await accepted()
  await expect(ask(allod, { ...verdict, validUntil: 1 }, { ...question, token })).rejects.toMatchObject({
    code: 'sdk/verdict-expired',
  })
  const gone = { ...allod, fetch: () => Promise.reject(new Error('gone')) }
  await expect(ask(gone, verdict, { ...question, token })).rejects.toMatchObject({ code: 'sdk/gateway-unreachable' })
})

test.each(['nothing', 'half'] as const)(
  'an agent that answers %s and then hangs is sdk/agent-silent',
  async (answer) => {
    const verdict = await accepted()
    lie = { answer }
    await expect(ask(allod, verdict, { ...question, token, idleMs: 300 })).rejects.toMatchObject({
      code: 'sdk/agent-silent',
    })
  },
)

test('tokens are good for their order and issuer, and travel as one word', () => {
  expect(decodeToken(encodeToken(token))).toEqual(token)
  const issuer = record.spec.serve?.tokenIssuer as Hex
  requireAccessToken(token, { order: record.order, issuer, now: Math.floor(Date.now() / 1000) })
})

test('checks an evidence bundle from its file', async () => {
  const { evidence: bundle } = await accepted()
  expect(await verifyEvidence(allod, bundle)).toMatchObject({ isAccepted: true, error: null, kind: 'simulated' })
  const changed = { ...bundle, bound: { ...bundle.bound, generation: 9 } }
  const { proof, error } = await verifyEvidence(allod, changed)
  expect(error?.code).toBe('attestation/report-data-mismatch')
  expect(proof).toContainEqual(expect.objectContaining({ name: 'report-data', result: 'fail' }))
})

test('an agent whose order is over is refused for that, whether its gateway still answers or not', async () => {
  const path = `/o/${record.order}/evidence`
  const answer = played.answers.get(path)
  played.answers.delete(path)
  await expect(verifyAgent(allod, card)).rejects.not.toMatchObject({ code: 'sdk/agent-refused' })
  await endOrder(allod, local.wallet('buyer'), record)
  await expect(verifyAgent(allod, card)).rejects.toMatchObject({
    code: 'sdk/agent-refused',
    meta: { expected: 'active', actual: 'ended', check: 'order-live' },
  })
  if (answer) played.answers.set(path, answer)
  const verdict = await verifyAgent(allod, card)
  expect(() => requireAgent(verdict)).toThrow(
    expect.objectContaining({ code: 'sdk/agent-refused', meta: expect.objectContaining({ check: 'order-live' }) }),
  )
})

async function serveOrder(): Promise<OrderRecord> {
  const free = { perSecond: 0n, perOrder: 0n }
  const machine = { cpus: 2, memoryBytes: 2 ** 30, gpus: [], tee: 'simulated' }
  const compute = await offerCompute(allod, local.wallet('provider'), { name: 'machine', machine, price: free })
  const engine = await publishEngine(allod, local.wallet('author'), {
    folder: memoryFolder(new Map([['serve.mjs', utf8('export {}')]])),
    name: 'engine',
    kind: 'serve',
    price: free,
  })
  const owner = local.wallet('owner')
  const sealed = await sealObject(allod, owner, {
    folder: memoryFolder(new Map([['weights', utf8('0123456789')]])),
    policy: newPolicy(local.network, owner.key.address, { engines: 'any' }),
    name: 'model',
  })
  const description = { version: 1, kind: 'model', name: 'model', summary: '', facts: {} } as const
  const base = await postOffer(allod, owner, { subject: objectSubject(sealed), price: free, description })
  const bare = ({ offer, signature }: typeof base) => ({ offer, signature })
  const price = await quote(allod, {
    kind: 'serve',
    buyer: local.wallet('buyer').key.address,
    compute: bare(compute.posted),
    engine: bare(engine.posted),
    inputs: { base: { kind: 'offer', offer: bare(base) } },
    seconds: 3600,
  })
  return placeOrder(allod, local.wallet('buyer'), price, { book: openOrderBook(join(folder, 'orders')) })
}

async function evidence(nonce: Hex): Promise<EvidenceBundle> {
  return sampleEvidence(root, chip, {
    role: 'client',
    nonces: [{ id: `0x${'00'.repeat(32)}`, nonce }],
    hpkeKey: toHex(service.publicKey),
    signingAddress: enclave.enclave.address,
    tlsSpkiHash: null,
    devicesHash: devicesHash([]),
    buildDigest: build,
    specHash: specHash(record.spec),
    chainId: record.terms.chainId,
    market: record.terms.market,
    order: record.order,
    generation: 1,
    ...lie.bound,
  })
}

async function answerSealed(body: Uint8Array): Promise<AsyncIterable<Uint8Array>> {
  const opened = await openRequest([service], once(body))
  const parts: Uint8Array[] = []
  for await (const part of opened.body) parts.push(part)
  const request = concat(...parts)
  const bearer = opened.head.headers.find(([name]) => name === 'authorization')?.[1].slice('Bearer '.length) ?? ''
  accessTokenShape(parseCanonical(fromBase64Url(bearer)))
  if (lie.answer === 'error')
    return opened.sealResponse(
      { status: 400, headers: [] },
      utf8('{"error":{"code":"runtime/quota-used-up","message":"no"}}'),
    )
  if (lie.answer === 'json') {
    const answer = { choices: [{ text: 'yes' }] }
    const receipt = receiptOf(request, utf8(JSON.stringify(answer)))
    return opened.sealResponse(
      { status: 200, headers: [] },
      utf8(JSON.stringify({ ...answer, allod_receipt: receipt })),
    )
  }
  const events = [
    'data: {"choices":[{"delta":{"content":"Ada "}}]}\n\n',
    'data: {"choices":[{"delta":{"content":"runs it."},"finish_reason":"stop"}]}\n\n',
    'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\ndata: [DONE]\n\n',
  ]
  if (lie.answer === 'unsigned') return opened.sealResponse({ status: 200, headers: [] }, pieces(events))
  if (lie.answer === 'nothing') return new Promise<never>(() => {})
  if (lie.answer === 'half') return opened.sealResponse({ status: 200, headers: [] }, thenNothing(events.slice(0, 1)))
  const receipt = `: allod-receipt ${fromUtf8(canonicalise(receiptOf(request, utf8(events.join('')))))}\n\n`
  return opened.sealResponse({ status: 200, headers: [] }, pieces([...events, receipt]))
}

function receiptOf(request: Uint8Array, response: Uint8Array): Receipt {
  const salt = new Uint8Array(32).fill(7)
  const receipt = {
    order: record.order,
    generation: 1,
    objects: [...card.objects],
    engine: record.spec.engine.digest,
    salt: toHex(salt),
    requestHash: toHex(sha256(salt, sha256(request))),
    responseHash: toHex(sha256(salt, sha256(response))),
    promptTokens: 3,
    completionTokens: 4,
    time: 1_800_000_000,
  }
  const { signature, ...changed } = { signature: null, ...receipt, ...lie.receipt }
  return { ...signReceipt(enclave.enclave, changed), ...(signature === null ? {} : { signature }) }
}

async function* once(bytes: Uint8Array) {
  yield bytes
}

async function* pieces(texts: readonly string[]) {
  for (const text of texts) yield utf8(text)
}

async function* thenNothing(texts: readonly string[]) {
  yield* pieces(texts)
  await new Promise<never>(() => {})
}
