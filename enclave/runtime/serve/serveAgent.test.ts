import type { EvidenceBundle } from '@allod/attestation'
import { createServiceKey } from '@allod/channel'
import { fromHex, toHex } from '@allod/protocol'
import { afterEach, expect, test, vi } from 'vitest'
import { serves, servesBriefly } from '../testing/engines.ts'
import { hex32, STARTED_AT } from '../testing/newOrder.ts'
import { type Play, refusal } from '../testing/playKeepers.ts'
import { inTime, phasesOf, playOrder } from '../testing/playOrder.ts'
import { watchErased } from '../testing/watchErased.ts'

afterEach(() => vi.restoreAllMocks())

const everybody = (play: Play): readonly Play[] => [play, play, play]
const short = {
  engine: serves,
  kind: 'serve' as const,
  policy: <T>(p: T) => ({ ...p, lease: { ttlSeconds: 2, graceSeconds: 0 } }),
}

/** Keepers of an order whose term ends some seconds from now, and who say so in facts and renewals. */
const endingIn = (seconds: number): Play => ({
  ...inTime(),
  facts: (f) => ({ ...f, endsAt: STARTED_AT + seconds }),
  endsAt: () => STARTED_AT + seconds,
})

test('a replaced enclave serves to the end of the order’s term, not of one of its own', async () => {
  const from = performance.now()
  // Its own time counts from its newest challenge; the 600 seconds of the order are as good as over.
  const { outcome, phases, beats } = await playOrder({ draft: short, plays: everybody(endingIn(6)) })
  expect([outcome, ...phases.slice(-2)]).toEqual(['ok', 'serving', 'ended'])
  expect(performance.now() - from).toBeLessThan(15_000)
  const upTo = beats.at(-1)?.upTo ?? 0
  expect(upTo).toBeGreaterThanOrEqual(STARTED_AT + 4)
  expect(upTo).toBeLessThanOrEqual(STARTED_AT + 6)
})

test('a first beat that is not taken over ends nothing: the next one covers its time', async () => {
  let isDown = true
  const taken: unknown[] = []
  const { outcome, phases } = await playOrder({
    draft: short,
    plays: everybody(endingIn(6)),
    provider: (path, body) => {
      if (path !== '/beat') return
      if (isDown) {
        isDown = false
        throw refusal('provider/internal')
      }
      taken.push(body)
    },
  })
  expect([outcome, phases.includes('serving')]).toEqual(['ok', true])
  expect(taken[0]).toMatchObject({ alive: { from: STARTED_AT } })
})

test('ended early: it attests up to the end and stops', async () => {
  const { outcome, phases, beats } = await playOrder({
    draft: short,
    plays: everybody(endingIn(600)),
    provider: (path, body, say) => {
      if (path === '/events' && phasesOf(body).includes('serving')) void say('/ended', { endedAt: STARTED_AT + 1000 })
    },
  })
  expect([outcome, ...phases.slice(-2)]).toEqual(['ok', 'serving', 'ended'])
  expect(beats[0]?.from).toBe(STARTED_AT)
})

test('a lost lease is no failure of the job', async () => {
  let isOver = false
  const { outcome, told } = await playOrder({
    draft: short,
    plays: everybody({
      ...endingIn(600),
      renew: () => {
        if (isOver) throw refusal('keeper/order-state')
      },
    }),
    provider: (path) => {
      if (path === '/beat') isOver = true
    },
  })
  expect(outcome).toBe('runtime/lease-lost')
  expect(told.filter((t) => t.path === '/fail')).toEqual([])
})

test('a lost lease erases the key that clients seal to', async () => {
  const erased = watchErased()
  let isAsked = false
  const asked = Promise.withResolvers<EvidenceBundle>()
  const { outcome } = await playOrder({
    draft: short,
    plays: everybody({
      ...endingIn(600),
      renew: () => {
        if (isAsked) throw refusal('keeper/order-state')
      },
    }),
    provider: (path, body, _, visit) => {
      if (path !== '/events' || !phasesOf(body).includes('serving')) return
      isAsked = true
      asked.resolve(visit(`/evidence?nonce=${hex32(1)}`).then((r) => r.json()) as Promise<EvidenceBundle>)
    },
  })
  expect(outcome).toBe('runtime/lease-lost')
  const { hpkeKey } = (await asked.promise).bound
  const seeds = erased.filter((secret) => secret.length === 2 + 64)
  const pairs = await Promise.all(seeds.map((seed) => createServiceKey(fromHex(seed))))
  expect(pairs.map((pair) => toHex(pair.publicKey))).toContain(hpkeKey)
})

test('an engine that ends by itself is the job’s failure', async () => {
  const { outcome, told } = await playOrder({
    draft: { ...short, engine: servesBriefly },
    plays: everybody(endingIn(600)),
  })
  expect(outcome).toBe('runtime/engine-failed')
  expect(told.filter((t) => t.path === '/fail')).toHaveLength(1)
})
