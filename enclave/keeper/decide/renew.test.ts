import {
  aliveType,
  allodDomain,
  fromHex,
  type Lease,
  type Renew,
  recoverSigner,
  renewHash,
  type SigningKey,
  signDigest,
  typedDigest,
} from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import type { ChainFacts } from '../chain/ChainFacts.ts'
import { newChallenge } from '../keys/challenge.ts'
import { newLease } from '../keys/lease.ts'
import { type Case, CLOSE_SECONDS, type Draft, newCase, STARTED_AT } from '../testing/newCase.ts'
import { newKeeper, type TestKeeper } from '../testing/newKeeper.ts'
import { addresses, enclave, hex20, hex32, NOW, owner, seed } from '../testing/party.ts'
import { codeOf } from '../testing/refusal.ts'
import { grant } from './grant.ts'
import { renew } from './renew.ts'

type Asked = {
  readonly from?: number
  readonly upTo?: number
  /** How long after the grant. */
  readonly afterSeconds?: number
  readonly by?: SigningKey
  readonly lease?: (lease: Lease) => Lease
  /** The lease as this keeper itself would have given it later. */
  readonly relet?: (lease: Lease) => Lease
  readonly change?: (request: Renew, made: Case) => Renew
  readonly chain?: Draft['chain']
  readonly evidenceEverySeconds?: number
}

/** Grants at NOW, then asks for a renewal some time later. */
async function renewal(asked: Asked): Promise<{ readonly keeper: TestKeeper; readonly request: Renew }> {
  const made = await newCase()
  const granter = await newKeeper(async (query) => made.facts(query))
  const granted = await grant(made.admission, granter)
  const { mac: _, ...said } = (asked.relet ?? ((l) => l))(granted.lease)
  const lease = (asked.lease ?? ((l) => l))(newLease(granter.keys.leaseMac, said))
  const now = NOW + (asked.afterSeconds ?? 60)
  const chain = asked.chain ?? ((f) => f)
  const keeper = await newKeeper(async (query) => chain({ ...made.facts(query), headTime: now }, query), {
    now,
    change: { evidenceEverySeconds: asked.evidenceEverySeconds ?? 3600 },
  })
  const { id, challengeMac } = keeper.keys
  const challenge = newChallenge(id, challengeMac, { now, forSeconds: 60, random: seed(90) })
  const [from, upTo] = [asked.from ?? lease.upTo, asked.upTo ?? now]
  const digest = fromHex(renewHash(lease, from, upTo, challenge), 32)
  const signature = signDigest(asked.by ?? enclave, digest)
  const request = { lease, terms: made.admission.terms, from, upTo, challenge, admission: null, signature }
  return { keeper, request: asked.change ? asked.change(request, made) : request }
}

async function outcome(asked: Asked): Promise<string> {
  const { keeper, request } = await renewal(asked)
  return codeOf(renew(request, keeper))
}

test('signs the time since the grant, and a lease that goes on from there', async () => {
  const { keeper, request } = await renewal({})
  const reply = await renew(request, keeper)
  expect(reply.alive).toMatchObject({ from: request.lease.upTo, upTo: NOW + 60, generation: 1 })
  const digest = typedDigest(allodDomain(31337n, addresses.market), aliveType, reply.alive)
  expect(recoverSigner(digest, reply.signature.signature)).toBe(keeper.keys.signing.address)
  expect(reply.lease).toMatchObject({ upTo: NOW + 60, evidenceAt: request.lease.evidenceAt })
  expect(keeper.entries.map((e) => e.decision.kind)).toEqual(['renew'])
})

test('joins again after a renewal that it missed', async () => {
  expect(await outcome({ from: NOW + 30, afterSeconds: 60 })).toBe('ok')
})

test('signs time again that was renewed before, from the grant on: the market counts it once', async () => {
  const later = (l: Lease): Lease => ({ ...l, upTo: NOW + 30 })
  const { keeper, request } = await renewal({ relet: later, from: STARTED_AT })
  const reply = await renew(request, keeper)
  expect(reply.alive).toMatchObject({ from: STARTED_AT, upTo: NOW + 60 })
})

describe('an order that was ended', () => {
  const over = { isAllowed: false, reason: 'WrongState' }
  /** Ended some time after the grant: the contract then allows no keys any more. */
  const endedAt =
    (afterSeconds: number): NonNullable<Draft['chain']> =>
    (f) => ({
      ...f,
      order: { ...f.order, state: 'ended', endsAt: NOW + afterSeconds, closesAt: NOW + afterSeconds + CLOSE_SECONDS },
      release: over,
      objects: f.objects.map((o) => ({ ...o, release: over })),
    })

  test('is paid for what was delivered: time up to its end is signed', async () => {
    const { keeper, request } = await renewal({ chain: endedAt(50), upTo: NOW + 50 })
    const reply = await renew(request, keeper)
    expect([reply.alive.upTo, reply.endsAt]).toEqual([NOW + 50, NOW + 50])
  })

  test.each([
    ['time after its end', 'keeper/renew-range', { chain: endedAt(50), upTo: NOW + 60 }],
    ['when the market counts it no more', 'keeper/order-state', { chain: endedAt(-CLOSE_SECONDS), upTo: NOW - 5 }],
    [
      'another enclave',
      'keeper/enclave-mismatch',
      {
        chain: (f, q) => {
          const seen = endedAt(50)(f, q)
          return { ...seen, order: { ...seen.order, enclave: hex20(9) } }
        },
        upTo: NOW + 50,
      },
    ],
    [
      'what is settled',
      'keeper/order-state',
      { chain: (f) => ({ ...f, order: { ...f.order, state: 'settled', endsAt: NOW + 50 } }), upTo: NOW + 50 },
    ],
  ] satisfies [string, string, Asked][])('refuses %s: %s', async (_, code, asked) => {
    expect(await outcome(asked)).toBe(code)
  })

  test('is no refuge for an order that runs: keys still need the contract’s word', async () => {
    const running = (f: ChainFacts): ChainFacts => ({ ...f, release: over })
    expect(await outcome({ chain: running })).toBe('keeper/release-refused')
  })

  test('whose term is over on its own is signed up to that', async () => {
    const term: NonNullable<Draft['chain']> = (f) => ({
      ...f,
      block: { ...f.block, time: NOW + 55 },
      order: { ...f.order, endsAt: NOW + 50, closesAt: NOW + 50 + CLOSE_SECONDS },
      release: { isAllowed: false, reason: 'TooLate' },
    })
    expect(await outcome({ chain: term, upTo: NOW + 50 })).toBe('ok')
  })
})

test('refuses a lease that another keeper gave', async () => {
  const { request } = await renewal({})
  const made = await newCase()
  const stranger = await newKeeper(async (query) => made.facts(query), { place: 1, now: NOW + 60 })
  expect(await codeOf(renew(request, stranger))).toBe('keeper/lease-forged')
})

describe('refuses', () => {
  const rows: readonly (readonly [string, string, Asked])[] = [
    ['a lease with a longer ttl', 'keeper/lease-forged', { lease: (l) => ({ ...l, ttlSeconds: 99_999 }) }],
    ['a lease moved forward', 'keeper/lease-forged', { lease: (l) => ({ ...l, upTo: l.upTo + 10 }) }],
    ['a gap above twice the ttl', 'keeper/lease-gap', { afterSeconds: 1300 }],
    ['time that has not come', 'keeper/renew-range', { upTo: NOW + 61 }],
    ['a gap behind a short time', 'keeper/lease-gap', { upTo: NOW + 20, afterSeconds: 1300 }],
    ['time before the grant', 'keeper/renew-range', { from: STARTED_AT - 500 }],
    ['no time at all', 'keeper/renew-range', { from: NOW + 60, upTo: NOW + 60 }],
    ['a signature by somebody else', 'protocol/wrong-signer', { by: owner }],
    [
      'terms of another order',
      'protocol/order-terms-mismatch',
      { change: (r) => ({ ...r, terms: { ...r.terms, seconds: 1 } }) },
    ],
    [
      'a challenge of another keeper',
      'keeper/challenge-missing',
      { change: (r) => ({ ...r, challenge: { ...r.challenge, keeper: hex32(1) } }) },
    ],
    [
      'a challenge made up',
      'keeper/challenge-forged',
      { change: (r) => ({ ...r, challenge: { ...r.challenge, nonce: hex32(1) } }) },
    ],
    ['when full evidence is due', 'keeper/evidence-due', { evidenceEverySeconds: 30 }],
    [
      'an enclave that was replaced',
      'keeper/enclave-mismatch',
      { chain: (f) => ({ ...f, order: { ...f.order, enclave: hex20(9), generation: 2 } }) },
    ],
    [
      'an object that was halted',
      'keeper/release-refused',
      {
        chain: (f) => ({
          ...f,
          objects: f.objects.map((o) => ({ ...o, release: { isAllowed: false, reason: 'ObjectNotLive' } })),
        }),
      },
    ],
    ['a chain that stands still', 'keeper/clock-skew', { chain: (f) => ({ ...f, headTime: NOW - 500 }) }],
  ]
  test.each(rows.map(([name, code, asked]) => ({ name, code, asked })))('$name: $code', async ({ code, asked }) => {
    expect(await outcome(asked)).toBe(code)
  })
})

describe('full evidence in a renewal', () => {
  const due = 30

  async function withEvidence(afterSeconds: number, draft: Draft = {}): Promise<Asked> {
    const fresh = await newCase({ ...draft, challengedAt: NOW + afterSeconds })
    return { afterSeconds, evidenceEverySeconds: due, change: (r) => ({ ...r, admission: fresh.admission }) }
  }

  test('is judged anew and starts the next hour', async () => {
    const { keeper, request } = await renewal(await withEvidence(60))
    expect((await renew(request, keeper)).lease.evidenceAt).toBe(NOW + 60)
  })

  test('must be of the same order and enclave', async () => {
    expect(await outcome(await withEvidence(60, { generation: 2 }))).toBe('keeper/wrong-order')
  })

  test('is judged once more when the order is over, and releases nothing', async () => {
    const given = await withEvidence(60)
    const chain: Draft['chain'] = (f) => ({
      ...f,
      order: { ...f.order, state: 'ended', endsAt: NOW + 50, closesAt: NOW + 50 + CLOSE_SECONDS },
      release: { isAllowed: false, reason: 'WrongState' },
    })
    expect(await outcome({ ...given, chain, upTo: NOW + 50 })).toBe('ok')
  })

  test('must pass every check again', async () => {
    const debug = { report: (r: object) => ({ ...r, isDebug: true }) } as Draft
    expect(await outcome(await withEvidence(60, debug))).toBe('attestation/debug-enabled')
  })
})
