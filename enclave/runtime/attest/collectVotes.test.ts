import { allodDomain, enclaveAttestedType, newSigningKey, recoverSigner, typedDigest } from '@allod/protocol'
import { expect, test } from 'vitest'
import { attester, hex32, newOrder } from '../testing/newOrder.ts'
import { type Play, playKeepers, refusal } from '../testing/playKeepers.ts'
import { collectVotes } from './collectVotes.ts'

const order = await newOrder()
const collect = (...plays: Play[]) => collectVotes(playKeepers(order, plays).host, attester, order.job, order.keys)
const refuses = (code: string): Play => ({
  voteKey: () => {
    throw refusal(code)
  },
})

test('gathers votes that stand on chain together: one message, signers ascending', async () => {
  const { vote, signatures, bundle } = await collect()
  const digest = typedDigest(allodDomain(31337n, order.job.terms.market), enclaveAttestedType, vote)
  const signers = signatures.map((s) => recoverSigner(digest, s.signature))
  expect(signers).toEqual(order.keepers.map((k) => k.signing.address).sort())
  expect(bundle.bound).toMatchObject({ order: order.job.order, hpkeKey: order.keys.grant.publicKey, role: 'grant' })
})

test('waits for no keeper that takes questions and never answers', async () => {
  expect((await collect({ isSilent: true })).signatures).toHaveLength(2)
})

test('goes on without one keeper that lies', async () => {
  expect((await collect({ order: hex32(1) })).signatures).toHaveLength(2)
})

test('leaves out a vote by another key and one over another message, and names each reason', async () => {
  const [first, second] = order.keepers
  const stranger = newSigningKey()
  await expect(collect({ voteKey: () => stranger }, { order: hex32(1) })).rejects.toMatchObject({
    code: 'runtime/not-enough-votes',
    meta: {
      expected: 2,
      actual: 1,
      refusals: [
        { keeper: first?.id, code: 'runtime/vote-mismatch' },
        { keeper: second?.id, code: 'runtime/vote-mismatch' },
      ],
    },
  })
})

test('hands on what each keeper says when too few vote', async () => {
  await expect(collect(refuses('keeper/tee-refused'), {}, refuses('keeper/policy-forbids'))).rejects.toMatchObject({
    code: 'runtime/not-enough-votes',
    meta: { refusals: [{ code: 'keeper/tee-refused' }, { code: 'keeper/policy-forbids' }] },
  })
})

test('gives up before making evidence when too few give challenges of their own', async () => {
  const borrowed: Play = { challenge: (c) => ({ ...c, keeper: hex32(5) }) }
  await expect(collect(borrowed, borrowed)).rejects.toMatchObject({
    code: 'runtime/not-enough-votes',
    meta: { actual: 1, refusals: [{ code: 'runtime/vote-mismatch' }, { code: 'runtime/vote-mismatch' }] },
  })
})

test('one keeper that names an early expiry does not shorten everybody’s votes', async () => {
  const { vote, admission } = await collect({ challenge: (c) => ({ ...c, expires: c.expires - 3600 }) })
  const [, second] = order.keepers
  const honest = admission.challenges.find((c) => c.keeper === second?.id)
  expect(vote.validUntil).toBe(honest?.expires)
  expect(admission.challenges).toHaveLength(2)
})
