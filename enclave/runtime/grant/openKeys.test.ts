import { hpkeSeal } from '@allod/content'
import { type GrantReply, grantInfo, type Hex, type JobDocument, type Json, Secret } from '@allod/protocol'
import { expect, test, vi } from 'vitest'
import { membersOf } from '../attest/quorum.ts'
import { hex20, hex32, newOrder } from '../testing/newOrder.ts'
import { grantAs } from '../testing/playKeepers.ts'
import type { Grant } from './obtainGrant.ts'
import { openKeys } from './openKeys.ts'

const SHARE_BYTES = 33

const order = await newOrder()
const { objectId, keys } = order
const members = membersOf(order.job.committee)
const replies = await Promise.all(
  order.keepers.map(async (keeper, i) => {
    const member = members[i]
    if (member === undefined) throw new RangeError('no such keeper')
    return { member, reply: await grantAs(order, keeper, i, {}) }
  }),
)
const granted: Grant = { facts: order.facts, signedFacts: replies.map((r) => r.reply.facts), replies }

/** The grant with the shares of some places changed. */
const withShares = (change: (share: GrantReply['shares'][number], place: number) => GrantReply['shares']): Grant => ({
  ...granted,
  replies: replies.map(({ member, reply }, place) => ({
    member,
    reply: { ...reply, shares: reply.shares.flatMap((s) => change(s, place)) },
  })),
})

async function open(grant: Grant, job: JobDocument = order.job) {
  const bad: { keeper: Hex; object: Hex }[] = []
  const opened = await openKeys(job, grant, keys.grant.secret, {
    onBadShare: (keeper, object) => bad.push({ keeper, object }),
  })
  return { opened, bad }
}

/** A share of noise, properly sealed under a place. */
async function noise(index: number) {
  const info = grantInfo({ ...order.job, enclave: keys.signing.address, objectId, index })
  return { objectId, index, sealed: await hpkeSeal(keys.grant.publicKey, info, new Uint8Array(), new Uint8Array(33)) }
}

test('combines the shares to the key that the object is sealed with', async () => {
  const { opened, bad } = await open(granted)
  expect(bad).toEqual([])
  expect(opened.map(({ input, objectId: id }) => [input, id])).toEqual([['model', objectId]])
  expect(opened[0]?.dek.expose()).toHaveLength(32)
})

test('erases every share once they are combined, and where they cannot be', async () => {
  const read = vi.spyOn(Secret.prototype, 'expose')
  const shares = () => new Set(read.mock.contexts.filter((_, i) => read.mock.results[i]?.value?.length === SHARE_BYTES))
  const left = () =>
    read.mock.results.filter(({ value }) => value?.length === SHARE_BYTES && value.some((b: number) => b !== 0))
  try {
    await open(granted)
    expect([shares().size, left()]).toEqual([3, []])
    read.mockClear()
    await expect(open({ ...granted, replies: granted.replies.slice(1, 2) })).rejects.toThrow()
    expect([shares().size, left()]).toEqual([1, []])
  } finally {
    read.mockRestore()
  }
})

test('names a keeper whose share is another than committed to, and goes on without it', async () => {
  const swapped = await noise(1)
  const { opened, bad } = await open(withShares((s, place) => [place === 0 ? swapped : s]))
  expect(opened).toHaveLength(1)
  expect(bad).toEqual([{ keeper: members[0]?.id, object: objectId }])
})

test('names a keeper whose share does not open', async () => {
  const torn = (s: GrantReply['shares'][number]) => ({ ...s, sealed: { ...s.sealed, ciphertext: hex32(1) } })
  const { opened, bad } = await open(withShares((s, place) => [place === 1 ? torn(s) : s]))
  expect(opened).toHaveLength(1)
  expect(bad.map((b) => b.keeper)).toEqual([members[1]?.id])
})

test('blames the keeper that sends a share under another keeper’s place, not the other one', async () => {
  const posing = await noise(1)
  const { opened, bad } = await open(withShares((s, place) => [place === 2 ? posing : s]))
  expect(opened).toHaveLength(1)
  expect(bad.map((b) => b.keeper)).toEqual([members[2]?.id])
})

test('gives up where too few shares are good', async () => {
  await expect(open(withShares((s, place) => (place === 0 ? [s] : [])))).rejects.toMatchObject({
    code: 'content/too-few-shares',
  })
})

test('refuses a manifest that the keepers did not name', async () => {
  const manifests = { model: { ...order.manifest, version: 2 } as Json }
  await expect(open(granted, { ...order.job, manifests })).rejects.toMatchObject({ code: 'runtime/manifest-mismatch' })
  const [object] = order.facts.objects
  if (object === undefined) throw new RangeError('no object')
  const facts = { ...order.facts, objects: [{ ...object, owner: hex20(1) }] }
  await expect(open({ ...granted, facts })).rejects.toMatchObject({ code: 'runtime/manifest-mismatch' })
})

test('refuses an input for which the keepers named no object', async () => {
  const facts = { ...order.facts, objects: [] }
  await expect(open({ ...granted, facts })).rejects.toMatchObject({
    code: 'runtime/input-missing',
    meta: { input: 'model', expected: objectId },
  })
})
