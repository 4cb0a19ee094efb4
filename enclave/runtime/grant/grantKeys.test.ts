import { type Hex, isAllodError } from '@allod/protocol'
import { expect, test } from 'vitest'
import { collectVotes } from '../attest/collectVotes.ts'
import { attester, hex32, newOrder } from '../testing/newOrder.ts'
import { type Play, playKeepers, refusal } from '../testing/playKeepers.ts'
import { grantKeys } from './grantKeys.ts'

const order = await newOrder()
const elected = await collectVotes(playKeepers(order).host, attester, order.job, order.keys)

/** A keeper that states the facts right and tears its shares. */
const tears: Play = {
  grant: (reply) => ({
    ...reply,
    shares: reply.shares.map((s) => ({ ...s, sealed: { ...s.sealed, ciphertext: hex32(1) } })),
  }),
}

/** A keeper that sees the start final one question later than others. */
const late = (): Play => {
  let asked = 0
  return {
    grant: (reply) => {
      if (asked++ === 0) throw refusal('keeper/not-final')
      return reply
    },
  }
}

async function open(plays: readonly Play[]) {
  const bad: Hex[] = []
  const keys = await grantKeys(playKeepers(order, plays).host, order.job, elected, order.keys.grant.secret, {
    deadlineMs: 10_000,
    onBadShare: (keeper) => bad.push(keeper),
  })
  return { ...keys, bad }
}

test('a bad share among the first t: the keeper that was slower is asked, and the object opens', async () => {
  const { opened, grant, bad } = await open([tears, {}, late()])
  expect(opened).toHaveLength(1)
  expect(grant.replies).toHaveLength(3)
  expect(new Set(bad)).toEqual(new Set([order.keepers[0]?.id]))
})

test('a keeper that never answers is not waited for while all shares are good', async () => {
  const { grant, bad } = await open([{}, {}, { isSilent: true }])
  expect([grant.replies.length, bad]).toEqual([2, []])
})

test('more bad shares than the committee can bear: content/too-few-shares, after everybody was asked', async () => {
  const error = await open([tears, tears]).catch((e: unknown) => e)
  expect(isAllodError(error, 'content/too-few-shares')).toBe(true)
})
