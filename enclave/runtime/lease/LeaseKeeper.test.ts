import {
  type Alive,
  aliveType,
  allodDomain,
  type Challenge,
  newSigningKey,
  recoverSigner,
  type SignedBy,
  typedDigest,
} from '@allod/protocol'
import { expect, test } from 'vitest'
import { membersOf } from '../attest/quorum.ts'
import type { Grant } from '../grant/obtainGrant.ts'
import { attester, newOrder, STARTED_AT } from '../testing/newOrder.ts'
import { grantAs, type Play, playKeepers, refusal } from '../testing/playKeepers.ts'
import { LeaseKeeper, type LeaseState } from './LeaseKeeper.ts'

const order = await newOrder()
const members = membersOf(order.job.committee)
const replies = await Promise.all(
  order.keepers.map(async (keeper, i) => {
    const member = members[i]
    if (member === undefined) throw new RangeError('no such keeper')
    return { member, reply: await grantAs(order, keeper, i, {}) }
  }),
)
const grant: Grant = { facts: order.facts, signedFacts: replies.map((r) => r.reply.facts), replies }
const silent: Play = {
  renew: () => {
    throw refusal('keeper/ended')
  },
}

function newLease(plays: readonly Play[], change: Partial<ConstructorParameters<typeof LeaseKeeper>[0]> = {}) {
  const { host } = playKeepers(order, plays)
  const { job, keys } = order
  const beats: { alive: Alive; signatures: readonly SignedBy[] }[] = []
  const events = {
    endedAt: () => null,
    onState: () => {},
    onAlive: async (alive: Alive, signatures: readonly SignedBy[]) => void beats.push({ alive, signatures }),
  }
  const lease = new LeaseKeeper({
    host,
    attester,
    job,
    keys,
    grant,
    ttlMs: 600_000,
    graceMs: 600_000,
    ...events,
    ...change,
  })
  /** One renewal, as the provider gets it. */
  const renew = async () => {
    await lease.beat()
    const beat = beats.at(-1)
    if (beat === undefined) throw new RangeError('no beat')
    return beat
  }
  return Object.assign(lease, { beats, renew })
}

test('renews up to the keepers’ time, each renewal from the end of the last', async () => {
  const lease = newLease([])
  const [first, second] = [await lease.renew(), await lease.renew()]
  expect(first.alive.from).toBe(STARTED_AT)
  expect(second.alive.from).toBe(first.alive.upTo)
  expect(second.alive.upTo).toBeGreaterThan(second.alive.from)
  const digest = typedDigest(allodDomain(31337n, order.job.terms.market), aliveType, first.alive)
  const signers = first.signatures.map((s) => recoverSigner(digest, s.signature))
  expect(signers).toEqual(order.keepers.map((k) => k.signing.address).sort())
})

test('renews while one keeper takes questions and never answers', async () => {
  expect((await newLease([{ isSilent: true }]).renew()).signatures).toHaveLength(2)
})

test.each([
  ['long ago', 0],
  ['far ahead', 2 * STARTED_AT],
])('renews while one keeper of three says that it is %s', async (_, time) => {
  const { alive } = await newLease([{ challenge: (c) => ({ ...c, time }) }]).renew()
  expect(Math.abs(alive.upTo - STARTED_AT)).toBeLessThan(10_000)
})

test('is lost where fewer than t keepers renew, with each one’s reason', async () => {
  const stranger = newSigningKey()
  await expect(newLease([silent, { voteKey: () => stranger }]).renew()).rejects.toMatchObject({
    code: 'runtime/lease-lost',
    meta: { expected: 2, actual: 1, refusals: [{ code: 'keeper/ended' }, { code: 'runtime/vote-mismatch' }] },
  })
})

test('attests nothing where the keepers’ time stands still', async () => {
  const still: Play = { challenge: (c) => ({ ...c, time: STARTED_AT }) }
  const lease = newLease([still, still, still])
  await lease.beat()
  expect(lease.beats).toEqual([])
})

test('attests again what the provider did not take over', async () => {
  const taken: Alive[] = []
  let isDown = true
  const lease = newLease([], {
    onAlive: async (alive) => {
      if (isDown) throw refusal('provider/internal')
      taken.push(alive)
    },
  })
  await expect(lease.beat()).rejects.toMatchObject({ code: 'provider/internal' })
  isDown = false
  await lease.beat()
  await lease.beat()
  expect(taken[0]?.from).toBe(STARTED_AT)
  expect(taken[1]?.from).toBe(taken[0]?.upTo)
})

test('beats that are asked for at once follow one another', async () => {
  const lease = newLease([])
  await Promise.all([lease.beat(), lease.beat()])
  expect(lease.beats[1]?.alive.from).toBe(lease.beats[0]?.alive.upTo)
})

test('attests up to the end of an order that the host says was ended, and nothing after', async () => {
  const endedAt = STARTED_AT + 5
  const late: Play = { challenge: (c) => ({ ...c, time: STARTED_AT + 100 }) }
  const lease = newLease([late, late, late], { endedAt: () => endedAt })
  await lease.close()
  await lease.beat()
  expect(lease.beats.map((b) => b.alive)).toMatchObject([{ from: STARTED_AT, upTo: endedAt }])
})

test('the last beat is tried again where it fails at first', async () => {
  let fails = 2
  const lease = newLease([], {
    ttlMs: 4,
    onAlive: async () => {
      if (fails-- > 0) throw refusal('provider/internal')
    },
  })
  await lease.close()
  expect(fails).toBe(-1)
  fails = 3
  await expect(lease.close()).rejects.toMatchObject({ code: 'provider/internal' })
})

test.each([
  ['cuts the term short', 1, STARTED_AT + 600],
  ['stretches it', 10 * STARTED_AT, STARTED_AT + 600],
])('one keeper of three that %s is not believed', async (_, lie, end) => {
  const honest: Play = { endsAt: () => end }
  const time = (c: Challenge) => ({ ...c, time: STARTED_AT + 300 })
  const lease = newLease([
    { endsAt: () => lie, challenge: time },
    { ...honest, challenge: time },
    { ...honest, challenge: time },
  ])
  await lease.beat()
  expect(lease.leftMs()).toBeGreaterThan(290_000)
  expect(lease.leftMs()).toBeLessThanOrEqual(300_000)
})

test('hears in a renewal that the term was extended', async () => {
  const extended: Play = { endsAt: () => STARTED_AT + 3600, challenge: (c) => ({ ...c, time: STARTED_AT + 300 }) }
  const lease = newLease([extended, extended, extended])
  await lease.beat()
  expect(lease.leftMs()).toBeGreaterThan(3_200_000)
})

test('pauses without a renewal for a ttl, runs on after one, and is lost when the grace is over', async () => {
  const states: LeaseState[] = []
  let isSilent = true
  const play: Play = {
    renew: () => {
      if (isSilent) throw refusal('keeper/ended')
    },
  }
  const lost = Promise.withResolvers<void>()
  const lease = newLease([play, play, play], {
    ttlMs: 20,
    graceMs: 4000,
    onState: (state) => {
      states.push(state)
      // One pause is ended by a renewal, the next one never.
      isSilent = states.length > 1
      if (state === 'lost') lost.resolve()
    },
    onAlive: async () => {
      isSilent = true
    },
  })
  lease.start()
  await lost.promise
  await lease.stop()
  expect(states.slice(0, 2)).toEqual(['paused', 'running'])
  expect(states.slice(-2)).toEqual(['paused', 'lost'])
})

test('hands attested time on, and renews no more once stopped', async () => {
  const beat = Promise.withResolvers<number>()
  let beats = 0
  const lease = newLease([], {
    ttlMs: 4,
    onAlive: async (alive) => {
      beats++
      beat.resolve(alive.upTo)
    },
  })
  lease.start()
  expect(await beat.promise).toBeGreaterThan(STARTED_AT)
  await lease.stop()
  const after = beats
  await lease.stop()
  expect(beats).toBe(after)
})
