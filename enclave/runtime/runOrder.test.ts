import type { Store } from '@allod/content/stores'
import { failRequestShape, Secret, toHex } from '@allod/protocol'
import { afterEach, expect, test, vi } from 'vitest'
import { checkpointKey } from './checkpoint/checkpointKey.ts'
import { trains } from './testing/engines.ts'
import { type Play, refusal } from './testing/playKeepers.ts'
import { phasesOf, playOrder } from './testing/playOrder.ts'
import { watchErased } from './testing/watchErased.ts'

afterEach(() => vi.restoreAllMocks())

const everybody = (play: Play): readonly Play[] => [play, play, play]
const shortLease = <T>(policy: T) => ({ ...policy, lease: { ttlSeconds: 2, graceSeconds: 0 } })

/** A store that gives nothing until it is let. */
const waitingFor =
  (gate: Promise<unknown>) =>
  (store: Store): Store => ({
    ...store,
    async *get(...asked) {
      await gate
      yield* store.get(...asked)
    },
  })

test('the lease is renewed while inputs are opened, however long that takes', async () => {
  const beaten = Promise.withResolvers<void>()
  const { outcome, told } = await playOrder({
    draft: { engine: trains, policy: shortLease },
    store: waitingFor(beaten.promise),
    provider: (path) => {
      if (path === '/beat') beaten.resolve()
    },
  })
  expect(outcome).toBe('ok')
  const paths = told.map((t) => t.path)
  expect(paths.indexOf('/beat')).toBeLessThan(paths.indexOf('/report'))
})

/** An order whose lease no keeper renews. */
const unrenewed = {
  draft: { engine: trains, policy: shortLease },
  plays: everybody({
    renew: () => {
      throw refusal('keeper/order-state')
    },
  }),
}

test('a lease that is lost while inputs are opened leaves the order to another machine', async () => {
  const lost = Promise.withResolvers<void>()
  const { outcome, phases, told } = await playOrder({
    ...unrenewed,
    store: waitingFor(lost.promise),
    provider: (path, body) => {
      if (path === '/events' && JSON.stringify(body).includes('the lease is lost')) lost.resolve()
    },
  })
  expect([outcome, phases.includes('opened')]).toEqual(['runtime/lease-lost', false])
  expect(told.filter((t) => t.path === '/fail')).toEqual([])
})

test('a lease that is lost erases the inputs’ keys at once, not only when a store has answered', async () => {
  const lost = Promise.withResolvers<void>()
  // Every secret's bytes where they lie: what is overwritten there is gone.
  const read = vi.spyOn(Secret.prototype, 'expose')
  const inMemory = () => read.mock.results.map(({ value }) => toHex(value))
  let before: readonly string[] = []
  let after: readonly string[] = []
  const { outcome, order } = await playOrder({
    ...unrenewed,
    store: waitingFor(lost.promise),
    provider: (path, body) => {
      // From here on, the only one who reads a key is the enclave.
      if (path === '/job') read.mockClear()
      if (path !== '/events') return
      if (phasesOf(body).includes('granted')) before = inMemory()
      if (!JSON.stringify(body).includes('the lease is lost')) return
      after = inMemory()
      lost.resolve()
    },
  })
  const key = toHex(order.dek.expose())
  expect([outcome, before.includes(key), after.includes(key)]).toEqual(['runtime/lease-lost', true, false])
})

test('an order whose inputs do not open leaves no key of theirs and none of its checkpoints', async () => {
  const erased = watchErased()
  const byOwner: Play = { facts: (f) => ({ ...f, buyer: f.objects[0]?.owner ?? f.buyer }) }
  const { outcome, order } = await playOrder({
    draft: { engine: trains, model: 'stream' },
    plays: everybody(byOwner),
  })
  const { job, objectId, manifest, dek } = order
  const resumeKey = checkpointKey(job, manifest.owner, [{ input: 'model', objectId, manifest, dek }])
  expect(outcome).toBe('content/bad-archive')
  expect(erased).toEqual(expect.arrayContaining([dek, resumeKey].map((key) => key && toHex(key.expose()))))
})

test('an order that never starts leaves none of its enclave’s three keys', async () => {
  const erased = watchErased()
  await playOrder({
    draft: { engine: trains },
    provider: (path) => {
      // What its owner erased while sealing is not the enclave's.
      if (path === '/job') erased.splice(0)
      if (path === '/start') throw refusal('runtime/engine-failed')
    },
  })
  expect(erased).toHaveLength(3)
})

test('an input that does not open is blamed on its offer, on chain and by its code', async () => {
  const { outcome, told } = await playOrder({ draft: { engine: trains, model: 'stream' } })
  expect(outcome).toBe('content/bad-archive')
  const signed = told.filter((t) => t.path === '/fail').map((t) => failRequestShape(t.body))
  expect(signed.map((s) => [s.code, s.failed.input])).toEqual([['content/bad-archive', 1]])
})

test('a start that the chain refuses ends the enclave under the chain’s code, and nothing is signed', async () => {
  const { outcome, phases, told } = await playOrder({
    draft: { engine: trains },
    provider: (path) => {
      if (path === '/start') throw refusal('runtime/engine-failed')
    },
  })
  expect([outcome, ...phases]).toEqual(['runtime/engine-failed', 'launched', 'voted', 'failed'])
  expect(told.filter((t) => t.path === '/fail')).toEqual([])
})
