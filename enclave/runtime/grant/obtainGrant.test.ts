import { newSigningKey, type SignedFacts } from '@allod/protocol'
import { beforeAll, expect, test } from 'vitest'
import { collectVotes, type Elected } from '../attest/collectVotes.ts'
import { attester, hex20, hex32, newOrder } from '../testing/newOrder.ts'
import { type Play, playKeepers, refusal } from '../testing/playKeepers.ts'
import { obtainGrant } from './obtainGrant.ts'

const order = await newOrder()
let elected: Elected
beforeAll(async () => {
  elected = await collectVotes(playKeepers(order).host, attester, order.job, order.keys)
})
const obtain = (plays: readonly Play[], deadlineMs = 10_000) =>
  obtainGrant(playKeepers(order, plays).host, order.job, elected, { deadlineMs })
const refuses = (code: string): Play => ({
  grant: () => {
    throw refusal(code)
  },
})

test('takes what the keepers say alike, at whatever block each of them looked', async () => {
  const { facts, signedFacts, replies } = await obtain([])
  expect(facts).toEqual(order.facts)
  expect(new Set(signedFacts.map((f) => f.block.number)).size).toBe(3)
  expect(replies).toHaveLength(3)
})

const otherBuyer = (signed: SignedFacts) => ({ ...signed, facts: { ...signed.facts, buyer: hex20(1) } })
const otherBlock = (signed: SignedFacts) => ({ ...signed, block: { ...signed.block, number: signed.block.number + 1 } })

test.each<[string, Play]>([
  ['of another order', { facts: (f) => ({ ...f, order: hex32(1) }) }],
  ['of another enclave', { facts: (f) => ({ ...f, enclave: hex20(1) }) }],
  ['of another generation', { facts: (f) => ({ ...f, generation: 2 }) }],
  ['of another spec', { facts: (f) => ({ ...f, specHash: hex32(1) }) }],
  ['signed by another key', { factsKey: newSigningKey() }],
  ['changed in one field after they were signed', { grant: (r) => ({ ...r, facts: otherBuyer(r.facts) }) }],
  ['of another block than was signed', { grant: (r) => ({ ...r, facts: otherBlock(r.facts) }) }],
])('leaves out facts %s', async (_, play) => {
  await expect(obtain([play, play])).rejects.toMatchObject({
    code: 'runtime/not-enough-grants',
    meta: {
      expected: 2,
      actual: 1,
      refusals: [{ code: 'runtime/facts-mismatch' }, { code: 'runtime/facts-mismatch' }],
    },
  })
})

test('believes no fact that fewer than t keepers state, and drops the odd one out where t agree', async () => {
  const says = (fill: number): Play => ({ facts: (f) => ({ ...f, buyer: hex20(fill) }) })
  await expect(obtain([says(1), says(2), says(3)])).rejects.toMatchObject({
    code: 'runtime/facts-disagree',
    meta: { expected: 2, actual: 1, refusals: [] },
  })
  const { facts, replies } = await obtain([says(1)])
  expect(facts.buyer).toBe(order.facts.buyer)
  expect(replies.map((r) => r.member.destination)).toEqual(['keeper-1', 'keeper-2'])
})

test.each([
  'keeper/not-final',
  'keeper/clock-skew',
  'keeper/busy',
  'keeper/log-unavailable',
  'chain/rpc-failed',
  'chain/rpc-disagree',
  'chain/reorg',
  'chain/head-too-old',
])('asks again where a keeper says %s', async (code) => {
  let asked = 0
  const late: Play = {
    grant: (reply) => {
      if (asked++ === 0) throw refusal(code)
      return reply
    },
  }
  const { replies } = await obtain([late, {}, refuses('keeper/purpose-refused')])
  expect(replies).toHaveLength(2)
  expect(asked).toBe(2)
})

test('waits for nobody where too few are left that may still grant', async () => {
  const plays = [refuses('keeper/not-final'), refuses('keeper/ended'), refuses('keeper/ended')]
  await expect(obtain(plays, 1e9)).rejects.toMatchObject({
    code: 'runtime/not-enough-grants',
    meta: { actual: 0, refusals: [{ code: 'keeper/not-final' }, { code: 'keeper/ended' }, { code: 'keeper/ended' }] },
  })
})

test('waits for finality no longer than it may, and for a refusal not at all', async () => {
  await expect(obtain([refuses('keeper/not-final'), refuses('keeper/not-final')], -1)).rejects.toMatchObject({
    code: 'runtime/not-enough-grants',
    meta: { refusals: [{ code: 'keeper/not-final' }, { code: 'keeper/not-final' }] },
  })
  await expect(obtain([refuses('keeper/ended'), refuses('keeper/ended')], 1e9)).rejects.toMatchObject({
    code: 'runtime/not-enough-grants',
    meta: { actual: 1, refusals: [{ code: 'keeper/ended' }, { code: 'keeper/ended' }] },
  })
})
