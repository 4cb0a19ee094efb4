import { failRequestShape, reportRequestShape, toHex } from '@allod/protocol'
import { afterEach, expect, test, vi } from 'vitest'
import { checkpointKey } from './checkpoint/checkpointKey.ts'
import { fails, trains, trainsForEver, trainsLate } from './testing/engines.ts'
import { STARTED_AT } from './testing/newOrder.ts'
import { type Play, refusal } from './testing/playKeepers.ts'
import { inTime, phasesOf, playOrder } from './testing/playOrder.ts'
import { watchErased } from './testing/watchErased.ts'

afterEach(() => vi.restoreAllMocks())

const everybody = (play: Play): readonly Play[] => [play, play, play]
const shortLease = { ttlSeconds: 2, graceSeconds: 0 }

test('runs, seals, attests the last of the time, and reports', async () => {
  const { outcome, phases, told, beats } = await playOrder({ draft: { engine: trains } })
  expect(outcome).toBe('ok')
  expect(phases).toEqual(
    ['launched', 'voted', 'started', 'granted', 'opened', 'running', 'sealing', 'reported'].concat('ended'),
  )
  expect(beats).toMatchObject([{ from: STARTED_AT }])
  const reported = told.filter((t) => t.path === '/report').map((t) => reportRequestShape(t.body))
  expect(reported.map((r) => Object.keys(r.manifests))).toEqual([['adapter']])
})

test('a provider that takes no beat still gets the report', async () => {
  const { outcome, told, beats } = await playOrder({
    draft: { engine: trains, policy: (p) => ({ ...p, lease: shortLease }) },
    provider: (path) => {
      if (path === '/beat') throw refusal('provider/internal')
    },
  })
  expect(outcome).toBe('ok')
  expect(new Set(beats.map((b) => b.from))).toEqual(new Set([STARTED_AT]))
  expect(told.some((t) => t.path === '/report')).toBe(true)
})

test('a lost lease kills the engine and leaves the order to another machine: nothing is signed as failed', async () => {
  const { outcome, phases, told } = await playOrder({
    draft: { engine: trainsForEver, policy: (p) => ({ ...p, lease: shortLease }) },
    plays: everybody({
      renew: () => {
        throw refusal('keeper/order-state')
      },
    }),
  })
  expect(outcome).toBe('runtime/lease-lost')
  expect(phases.slice(-2)).toEqual(['paused', 'failed'])
  expect(told.filter((t) => ['/fail', '/report', '/beat'].includes(t.path))).toEqual([])
})

test('a lost lease erases the key of checkpoints', async () => {
  const erased = watchErased()
  const { outcome, order } = await playOrder({
    draft: { engine: trainsForEver, policy: (p) => ({ ...p, lease: shortLease }) },
    plays: everybody({
      facts: (f) => ({ ...f, buyer: f.objects[0]?.owner ?? f.buyer }),
      renew: () => {
        throw refusal('keeper/order-state')
      },
    }),
  })
  const { job, objectId, manifest, dek } = order
  const key = checkpointKey(job, manifest.owner, [{ input: 'model', objectId, manifest, dek }])
  expect([outcome, erased.includes(toHex(key?.expose() ?? new Uint8Array()))]).toEqual(['runtime/lease-lost', true])
})

test('an engine that fails under its lease is the job’s own failure, and signed', async () => {
  const { outcome, told } = await playOrder({ draft: { engine: fails } })
  expect(outcome).toBe('runtime/engine-failed')
  const signed = told.filter((t) => t.path === '/fail').map((t) => failRequestShape(t.body))
  expect(signed.map((s) => [s.code, s.failed.input])).toEqual([['runtime/engine-failed', 255]])
})

test('an engine that leaves no result is refused as that', async () => {
  const { outcome, told } = await playOrder({
    draft: { engine: `${trains}\nfs.rmSync(out + '/adapter', { recursive: true })` },
  })
  expect([outcome, told.some((t) => t.path === '/fail')]).toEqual(['runtime/output-refused', true])
})

test('ended while it trains: it stops, and the time until then is attested', async () => {
  const keepers = inTime()
  const { outcome, phases, told, beats } = await playOrder({
    draft: { engine: trainsForEver },
    plays: everybody(keepers),
    provider: (path, body, say) => {
      if (path === '/events' && phasesOf(body).includes('running')) void say('/ended', { endedAt: STARTED_AT + 1 })
    },
  })
  expect([outcome, phases.at(-1)]).toEqual(['ok', 'ended'])
  expect(beats).toMatchObject([{ from: STARTED_AT, upTo: STARTED_AT + 1 }])
  expect(told.filter((t) => ['/fail', '/report'].includes(t.path))).toEqual([])
})

test('ended while it seals: the result is still reported', async () => {
  const { outcome, phases, told } = await playOrder({
    draft: { engine: trains },
    plays: everybody(inTime()),
    provider: (path, body, say) => {
      if (path === '/events' && phasesOf(body).includes('sealing')) void say('/ended', { endedAt: STARTED_AT + 1 })
    },
  })
  expect([outcome, ...phases.slice(-2)]).toEqual(['ok', 'reported', 'ended'])
  expect(told.filter((t) => t.path === '/report')).toHaveLength(1)
})

/** Keepers of an order whose term ends some seconds from now, and who say another end in renewals where it was extended. */
const endingIn = (seconds: number, extended = seconds): Play => ({
  ...inTime(),
  facts: (f) => ({ ...f, endsAt: STARTED_AT + seconds }),
  endsAt: () => STARTED_AT + extended,
})

test('the engine stops at the end of the term: nobody pays for more, and nothing is reported', async () => {
  const { outcome, phases, told, beats } = await playOrder({
    draft: { engine: trainsForEver },
    plays: everybody(endingIn(4)),
  })
  expect([outcome, phases.at(-1)]).toEqual(['ok', 'ended'])
  expect(beats.at(-1)?.upTo).toBeLessThanOrEqual(STARTED_AT + 4)
  expect(told.filter((t) => ['/fail', '/report'].includes(t.path))).toEqual([])
})

test('a term that was extended meanwhile is worked on to its end', async () => {
  const { outcome, phases } = await playOrder({ draft: { engine: trainsLate }, plays: everybody(endingIn(3, 600)) })
  expect([outcome, ...phases.slice(-2)]).toEqual(['ok', 'reported', 'ended'])
})

test('a term is extended too where keepers do not answer the first beat before its end', async () => {
  let isRunning = false
  const plays = [1, 2, 3].map((): Play => {
    let isAway = true
    const renew = () => {
      if (!isAway) return
      isAway = false
      throw refusal('keeper/order-state')
    }
    const challenge: Play['challenge'] = (c) => ({ ...c, time: STARTED_AT + (isRunning ? 2 : 0) })
    return { ...endingIn(3, 600), challenge, renew }
  })
  const { outcome, phases } = await playOrder({
    draft: { engine: trainsLate },
    plays,
    provider: (path, body) => {
      if (path === '/events' && phasesOf(body).includes('running')) isRunning = true
    },
  })
  expect([outcome, ...phases.slice(-2)]).toEqual(['ok', 'reported', 'ended'])
})

test('where keepers stay silent until the end of the term, the engine stops there', async () => {
  let asked = 0
  const renew = () => {
    asked++
    throw refusal('keeper/order-state')
  }
  const { outcome, phases, told } = await playOrder({
    draft: { engine: trainsForEver, policy: (p) => ({ ...p, lease: { ttlSeconds: 60, graceSeconds: 0 } }) },
    plays: everybody({ ...endingIn(4, 600), renew }),
  })
  expect([outcome, phases.includes('paused')]).toEqual(['runtime/lease-lost', false])
  expect(asked).toBeLessThan(60)
  expect(told.filter((t) => ['/fail', '/report'].includes(t.path))).toEqual([])
})
