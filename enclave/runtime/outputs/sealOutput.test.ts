import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manifestHash, manifestObjectId } from '@allod/content'
import { errorFromJson, type Policy, policyHash } from '@allod/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { memoryStore } from '../testing/memoryStore.ts'
import { newOrder, type TestOrder } from '../testing/newOrder.ts'
import { type SealOutputOptions, sealOutput } from './sealOutput.ts'

const order = await newOrder()

/** What a store that is down is told of. */
const away = () => Promise.reject(errorFromJson({ code: 'content/store-unreachable' }))

let folder: string
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'allod-output-')), 'adapter')
  mkdirSync(folder)
  writeFileSync(join(folder, 'adapter.bin'), 'weights')
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

function seal(change: Partial<SealOutputOptions> = {}, { job, facts, objectId, policy, keys }: TestOrder = order) {
  return sealOutput({
    ...{ name: 'adapter', folder, job, facts, parents: [{ objectId, policy }], signing: keys.signing },
    stores: [memoryStore(), memoryStore()],
    ...change,
  })
}

test('seals a result for the buyer under what its inputs’ policies derive, signed by the enclave', async () => {
  const { manifest, derived, output, storage } = await seal()
  expect(manifest).toMatchObject({ owner: order.facts.buyer, signature: { signer: order.keys.signing.address } })
  expect(output).toMatchObject({
    ...{ name: 'adapter', owner: order.facts.buyer, policyHash: policyHash(manifest.policy) },
    ...{ objectId: manifestObjectId(manifest), manifestHash: manifestHash(manifest) },
  })
  expect([derived.parents, derived.policyHash]).toEqual([manifest.policy.lineage, output.policyHash])
  expect(storage).toHaveLength(2)
})

test('believes no store’s receipt: one that cannot give the result back is left out of the report', async () => {
  const honest = memoryStore()
  const { storage } = await seal({ stores: [honest, memoryStore({ forgets: true })] })
  expect(storage.map(({ by }) => by.signer)).toEqual([honest.id])
})

test('a store that was away while the result was sealed gets it from the one that holds it, before the report', async () => {
  const [steady, flaky] = [memoryStore(), memoryStore()]
  let puts = 0
  const put: typeof flaky.put = (...asked) => (puts++ === 0 ? away() : flaky.put(...asked))
  const { storage, manifest } = await seal({ stores: [steady, { ...flaky, put }] })
  expect(storage.map(({ by, digest }) => [by.signer, digest])).toEqual(
    [steady.id, flaky.id].map((id) => [id, manifestHash(manifest)]),
  )
  expect(puts).toBeGreaterThan(1)
})

test('a store that stays away costs the others nothing', async () => {
  const [steady, dead] = [memoryStore(), memoryStore()]
  const { storage } = await seal({ stores: [{ ...dead, put: away, has: away }, steady] })
  expect(storage.map(({ by }) => by.signer)).toEqual([steady.id])
})

test('a store that takes the result and never says so holds the report up for a moment only', async () => {
  const [steady, slow] = [memoryStore(), memoryStore()]
  let puts = 0
  const put: typeof slow.put = (_ref, _body, { signal } = {}) =>
    puts++ === 0 ? away() : new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
  const { storage } = await seal({ stores: [{ ...slow, put }, steady], againMs: 30 })
  expect([storage.map(({ by }) => by.signer), puts]).toEqual([[steady.id], 2])
})

test('a store that never gives the result back holds the report up for a bounded time only', async () => {
  const [steady, dripping] = [memoryStore(), memoryStore()]
  const get: typeof dripping.get = async function* (_ref, { signal } = {}) {
    for (;;) {
      yield new Uint8Array(0)
      await new Promise((resolve) => setTimeout(resolve, 5))
      signal?.throwIfAborted()
    }
  }
  const { storage } = await seal({ stores: [{ ...dripping, get }, steady], readMs: 50, againMs: 50 })
  expect(storage.map(({ by }) => by.signer)).toEqual([steady.id])
})

test('says nothing of a result that no store holds', async () => {
  const forgetful = [memoryStore({ forgets: true }), memoryStore({ forgets: true })]
  await expect(seal({ stores: forgetful })).rejects.toMatchObject({
    code: 'runtime/storage-failed',
    meta: { actual: 0 },
  })
})

test('refuses an empty result, and one that is larger than a policy or the order allows', async () => {
  writeFileSync(join(folder, 'adapter.bin'), new Uint8Array(2000))
  const small = (p: Policy): Policy => ({ ...p, outputs: { ...p.outputs, maxBytes: 1999 } })
  const parents = [{ objectId: order.objectId, policy: small(order.policy) }]
  const { spec } = order.job
  const job = { ...order.job, spec: { ...spec, limits: { ...spec.limits, outputBytes: 1999 } } }
  for (const change of [{ parents }, { job }])
    await expect(seal(change)).rejects.toMatchObject({
      code: 'runtime/output-refused',
      meta: { clause: 'outputs.maxBytes', expected: 1999, actual: 2000 },
    })
  rmSync(join(folder, 'adapter.bin'))
  await expect(seal()).rejects.toMatchObject({ code: 'runtime/output-refused', meta: { files: 0 } })
})

test('refuses a result of public inputs only, and one for another committee than the policies’', async () => {
  await expect(seal({ parents: [] })).rejects.toMatchObject({
    code: 'runtime/output-refused',
    meta: { clause: 'inputs' },
  })
  const committee = { ...order.job.committee, t: 3 }
  await expect(seal({ job: { ...order.job, committee } })).rejects.toMatchObject({
    code: 'runtime/output-refused',
    meta: { clause: 'committee' },
  })
})
