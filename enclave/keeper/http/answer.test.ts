import { evidenceShape, verify } from '@allod/attestation'
import { type SimulatedReport, simulatedVerifiers } from '@allod/attestation/simulated'
import {
  AllodError,
  allodDomain,
  challengeShape,
  fromHex,
  grantReplyShape,
  type Hex,
  recoverSigner,
  renewHash,
  reportData,
  seatReplyShape,
  seatType,
  signDigest,
  toHex,
  typedDigest,
  voteReplyShape,
} from '@allod/protocol'
import { expect, test, vi } from 'vitest'
import { fail } from '../errors.ts'
import { newChallenge, requireOwnChallenge } from '../keys/challenge.ts'
import { newCase } from '../testing/newCase.ts'
import { newKeeper } from '../testing/newKeeper.ts'
import { addresses, enclave, hex32, NOW, rootId, seed } from '../testing/party.ts'
import { answer } from './answer.ts'

const post = (path: string, body: unknown): Request =>
  new Request(`http://keeper${path}`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) })

async function serving(change: Parameters<typeof newCase>[0] = {}) {
  const made = await newCase(change)
  const keeper = await newKeeper(async (query) => made.facts(query))
  return { made, keeper, ask: answer(keeper) }
}

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code

test('gives challenges that it knows again', async () => {
  const { keeper, ask } = await serving()
  const challenge = challengeShape(await (await ask(post('/challenge', {}))).json())
  requireOwnChallenge(challenge, keeper.keys.challengeMac, { now: NOW + 100 })
})

test('answers a vote over the wire', async () => {
  const { made, ask } = await serving()
  const response = await ask(post('/vote', made.admission))
  expect(response.status).toBe(200)
  expect(voteReplyShape(await response.json()).vote.order).toBe(made.order)
})

test('shows evidence of its own keys over a verifier’s nonce', async () => {
  const { keeper, ask } = await serving()
  const response = await ask(new Request(`http://keeper/evidence?nonce=${hex32(7)}`))
  const bundle = evidenceShape(await response.json())
  const { cpu } = await verify(bundle, { verifiers: simulatedVerifiers([rootId]), now: NOW })
  expect(cpu.reportData).toBe(toHex(reportData(bundle.bound)))
  expect(bundle.bound).toMatchObject({
    role: 'keeper',
    nonces: [{ id: hex32(0), nonce: hex32(7) }],
    hpkeKey: keeper.keys.hpke.publicKey,
    signingAddress: keeper.keys.signing.address,
  })
})

test('signs its seat, for the account and payee of its configuration only', async () => {
  const { keeper, ask } = await serving()
  const { signature, ...seat } = seatReplyShape(await (await ask(new Request('http://keeper/seat'))).json())
  expect(seat).toEqual({ keeper: keeper.keys.id, ...keeper.config.seat })
  const digest = typedDigest(allodDomain(31337n, addresses.registry), seatType, seat)
  expect(recoverSigner(digest, signature)).toBe(keeper.keys.signing.address)
})

test('tells who it is, and nothing secret', async () => {
  const { keeper, ask } = await serving()
  const text = await (await ask(new Request('http://keeper/status'))).text()
  expect(JSON.parse(text)).toMatchObject({ keeper: keeper.keys.id, chainId: '31337', simulatedRoot: rootId })
  expect(text).not.toContain(toHex(keeper.keys.signing.secret.expose()).slice(2))
})

test('a grant that comes too early is told to come again', async () => {
  const { made, keeper, ask } = await serving({
    chain: (f) => ({ ...f, order: { ...f.order, state: 'open', generation: 0 } }),
  })
  const response = await ask(post('/grant', made.admission))
  expect([response.status, await codeOf(response)]).toEqual([425, 'keeper/not-final'])
  expect(keeper.entries).toEqual([])
})

test('logs a refusal under its code', async () => {
  const { made, keeper, ask } = await serving({ report: (r) => ({ ...r, isDebug: true }) })
  const response = await ask(post('/vote', made.admission))
  expect([response.status, await codeOf(response)]).toEqual([403, 'attestation/debug-enabled'])
  expect(keeper.entries.map((e) => [e.decision.kind, e.decision.outcome, e.decision.order])).toEqual([
    ['refuse', 'attestation/debug-enabled', made.order],
  ])
})

test.each([
  ['what nobody was challenged for', 'keeper/challenge-missing', { challenges: (all) => all.slice(1) }],
  ['terms that are not the order’s', 'protocol/spec-mismatch', { terms: (t) => ({ ...t, specHash: hex32(1) }) }],
  [
    'an order that is on no chain',
    'keeper/order-state',
    { chain: (f) => ({ ...f, order: { ...f.order, state: 'none' } }) },
  ],
] as const satisfies readonly (readonly [string, string, Parameters<typeof newCase>[0]])[])(
  'does not log a refusal of %s: %s',
  async (_, code, change) => {
    const { made, keeper, ask } = await serving(change)
    expect(await codeOf(await ask(post('/vote', made.admission)))).toBe(code)
    expect(keeper.entries).toEqual([])
  },
)

test('does not log what of a result is refused for an order that is on no chain', async () => {
  const { made, keeper, ask } = await serving({ chain: (f) => ({ ...f, order: { ...f.order, state: 'none' } }) })
  const { spec, terms, committee } = made.admission
  const { manifest } = made.data
  const response = await ask(post('/release', { order: made.order, spec, terms, committee, manifest }))
  expect(await codeOf(response)).toBe('keeper/not-reported')
  expect(keeper.entries).toEqual([])
})

test('does not log that the chain cannot be read', async () => {
  const made = await newCase()
  const keeper = await newKeeper(() => Promise.reject(fail('clock-skew')))
  expect((await answer(keeper)(post('/vote', made.admission))).status).toBe(503)
  expect(keeper.entries).toEqual([])
})

test('does not log that the chain is behind, which passes', async () => {
  const { made, keeper, ask } = await serving({ chain: (facts) => ({ ...facts, headTime: NOW - 500 }) })
  const response = await ask(post('/vote', made.admission))
  expect([response.status, await codeOf(response)]).toEqual([503, 'keeper/clock-skew'])
  expect(keeper.entries).toEqual([])
})

test('does not log that the chain could not be read once more, after the evidence of a renewal was judged', async () => {
  const made = await newCase()
  let isDown = false
  let reads = 0
  const keeper = await newKeeper(async (query) => {
    if (isDown && reads++ > 0) throw new AllodError('chain/rpc-failed', 'the endpoint does not answer', 'try again')
    return made.facts(query)
  })
  const ask = answer(keeper)
  const { lease } = grantReplyShape(await (await ask(post('/grant', made.admission))).json())
  isDown = true
  const { id, challengeMac } = keeper.keys
  const challenge = newChallenge(id, challengeMac, { now: NOW, forSeconds: 60, random: seed(90) })
  const [from, upTo] = [lease.upTo, NOW]
  const signature = signDigest(enclave, fromHex(renewHash(lease, from, upTo, challenge), 32))
  const { admission } = made
  const renewal = { lease, terms: admission.terms, from, upTo, challenge, admission, signature }
  const response = await ask(post('/renew', renewal))
  expect([response.status, await codeOf(response), reads]).toEqual([503, 'chain/rpc-failed', 2])
  expect(keeper.entries.map((e) => e.decision.kind)).toEqual(['grant'])
})

test('logs 32 refusals of an order and no more, and those of another all the same', async () => {
  const isDebug = { report: (r: SimulatedReport) => ({ ...r, isDebug: true }) }
  const one = await newCase(isDebug)
  const other = await newCase({ ...isDebug, spec: (s) => ({ ...s, salt: hex32(0x5b) }) })
  const keeper = await newKeeper(async (query) => (query.order === one.order ? one : other).facts(query))
  const ask = answer(keeper)
  const refused = (): readonly Hex[] => keeper.entries.map((e) => e.decision.order)
  for (let i = 0; i < 33; i++)
    expect(await codeOf(await ask(post('/vote', one.admission)))).toBe('attestation/debug-enabled')
  expect(refused()).toEqual(Array(32).fill(one.order))
  await ask(post('/vote', other.admission))
  expect(refused().slice(32)).toEqual([other.order])
})

test.each([
  ['text that is not JSON', post('/vote', '{'), 400, 'keeper/bad-request'],
  ['a field too many', post('/vote', { more: 1 }), 400, 'protocol/bad-shape'],
  ['a nonce that is none', new Request('http://keeper/evidence?nonce=1'), 400, 'protocol/bad-shape'],
  ['another path', post('/admin', {}), 404, 'keeper/not-found'],
  ['another method', new Request('http://keeper/vote'), 404, 'keeper/not-found'],
])('refuses %s', async (_, request, status, code) => {
  const { ask } = await serving()
  const response = await ask(request)
  expect([response.status, await codeOf(response)]).toEqual([status, code])
})

/** A request whose body begins and never ends. */
const slow = (path: string): Request =>
  new Request(`http://keeper${path}`, {
    method: 'POST',
    body: new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{')) }),
    duplex: 'half',
  } as RequestInit)

test('bodies that come slowly keep nobody from being judged, and of those only so many are read', async () => {
  const { made, ask } = await serving()
  for (let i = 0; i < 63; i++) void ask(slow('/vote'))
  expect((await ask(post('/vote', made.admission))).status).toBe(200)
  void ask(slow('/release'))
  const response = await ask(post('/vote', made.admission))
  expect([response.status, await codeOf(response)]).toEqual([503, 'keeper/busy'])
  expect((await ask(post('/challenge', {}))).status).toBe(200)
})

test('takes 32 requests at once, and tells the next that it is busy', async () => {
  const made = await newCase()
  const asked = Promise.withResolvers<never>()
  asked.promise.catch(() => undefined)
  let reads = 0
  const keeper = await newKeeper(() => {
    reads++
    return asked.promise
  })
  const ask = answer(keeper)
  const body = JSON.stringify(made.admission)
  const waiting = Array.from({ length: 32 }, () => ask(post('/vote', body)))
  await vi.waitFor(() => expect(reads).toBe(32))
  const response = await ask(post('/vote', body))
  expect([response.status, await codeOf(response)]).toEqual([503, 'keeper/busy'])
  asked.reject(fail('clock-skew'))
  expect((await Promise.all(waiting)).map((r) => r.status)).toEqual(waiting.map(() => 503))
})
