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
import { newChallenge } from '../keys/challenge.ts'
import { type Case, type Draft, newCase } from '../testing/newCase.ts'
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
  readonly change?: (request: Renew, made: Case) => Renew
  readonly chain?: Draft['chain']
  readonly evidenceEverySeconds?: number
}

/** Grants at NOW, then asks for a renewal some time later. */
async function renewal(asked: Asked): Promise<{ readonly keeper: TestKeeper; readonly request: Renew }> {
  const made = await newCase()
  const granter = await newKeeper(async (query) => made.facts(query))
  const granted = await grant(made.admission, granter)
  const lease = (asked.lease ?? ((l) => l))(granted.lease)
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
    ['time long past', 'keeper/renew-range', { upTo: NOW + 20, afterSeconds: 60 }],
    ['time that was renewed before', 'keeper/renew-range', { from: NOW - 500 }],
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
    ['an order that ended', 'keeper/order-state', { chain: (f) => ({ ...f, order: { ...f.order, state: 'ended' } }) }],
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

  test('must pass every check again', async () => {
    const debug = { report: (r: object) => ({ ...r, isDebug: true }) } as Draft
    expect(await outcome(await withEvidence(60, debug))).toBe('attestation/debug-enabled')
  })
})
