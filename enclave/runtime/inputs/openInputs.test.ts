import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '@allod/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { membersOf } from '../attest/quorum.ts'
import { openKeys } from '../grant/openKeys.ts'
import { makePlaces, type Places } from '../places.ts'
import { storesOf } from '../stores.ts'
import { type Draft, newOrder, type TestOrder } from '../testing/newOrder.ts'
import { grantAs, playKeepers } from '../testing/playKeepers.ts'
import { NO_OFFER } from './InputFault.ts'
import { openInputs } from './openInputs.ts'

let places: Places
let base: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'allod-inputs-'))
  places = makePlaces(base)
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

async function keysOf(order: TestOrder) {
  const members = membersOf(order.job.committee)
  const replies = await Promise.all(
    order.keepers.map(async (keeper, i) => ({
      member: members[i] as (typeof members)[number],
      reply: await grantAs(order, keeper, i, {}),
    })),
  )
  const grant = { facts: order.facts, signedFacts: [], replies }
  return openKeys(order.job, grant, order.keys.grant.secret, { onBadShare: () => {} })
}

async function open(draft: Draft, change: (order: TestOrder) => TestOrder = (o) => o) {
  const order = change(await newOrder(draft))
  const { host } = playKeepers(order)
  const keys = await keysOf(order)
  return { keys, opened: openInputs(order.job, keys, storesOf(host, order.job.spec), places) }
}

test('opens inputs and the engine into their folders, and erases the keys', async () => {
  const { keys, opened } = await open({ model: 'folder', engine: 'export {}' })
  await opened
  expect(readFileSync(join(places.input, 'model/weights'), 'utf8')).toBe('a model')
  expect(readFileSync(join(places.engine, 'finetune.mjs'), 'utf8')).toBe('export {}')
  expect(() => keys[0]?.dek.expose()).toThrow('erased')
})

test('an object that is no archive is the fault of the offer that lets it', async () => {
  const { opened } = await open({ model: 'stream', engine: 'export {}' })
  await expect(opened).rejects.toMatchObject({ code: 'content/bad-archive', offer: 1 })
})

test('the buyer’s own object that is no archive costs no lane', async () => {
  const ownOnly = (order: TestOrder): TestOrder => {
    const { job } = order
    return { ...order, job: { ...job, terms: { ...job.terms, offers: job.terms.offers.slice(0, 1) } } }
  }
  const { opened } = await open({ model: 'stream', engine: 'export {}' }, ownOnly)
  await expect(opened).rejects.toMatchObject({ code: 'content/bad-archive', offer: NO_OFFER })
})

test('an engine that no store has is named, under the stores’ code', async () => {
  const { opened } = await open({ model: 'folder' })
  await expect(opened).rejects.toMatchObject({ code: 'content/no-replica', offer: NO_OFFER })
})

test('a key that opens another object is the fault of the offer that lets it', async () => {
  const order = await newOrder({ model: 'folder' })
  const { host } = playKeepers(order)
  const [key] = await keysOf(order)
  if (key === undefined) throw new RangeError('no key')
  const other = { ...key, dek: new Secret(new Uint8Array(32)) }
  const opened = openInputs(order.job, [other], storesOf(host, order.job.spec), places)
  await expect(opened).rejects.toMatchObject({ code: 'content/wrong-key', offer: 1 })
})
