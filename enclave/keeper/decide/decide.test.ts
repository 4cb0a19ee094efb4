import { hpkeOpen } from '@allod/content'
import {
  type Admission,
  allodDomain,
  decisionHash,
  enclaveAttestedType,
  factsHash,
  fromHex,
  grantInfo,
  recoverSigner,
  typedDigest,
} from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { newCase } from '../testing/newCase.ts'
import { newKeeper } from '../testing/newKeeper.ts'
import { addresses, buyer, NOW, parties } from '../testing/party.ts'
import { grant } from './grant.ts'
import { vote } from './vote.ts'

const keepersOf = async ({ facts }: Awaited<ReturnType<typeof newCase>>) =>
  Promise.all([0, 1, 2].map((place) => newKeeper(async (query) => facts(query), { place })))

describe('three keepers', () => {
  test('sign the one vote that the contract counts', async () => {
    const made = await newCase()
    const keepers = await keepersOf(made)
    const replies = await Promise.all(keepers.map((keeper) => vote(made.admission, keeper)))
    expect(new Set(replies.map((r) => JSON.stringify(r.vote))).size).toBe(1)
    const digest = typedDigest(allodDomain(31337n, addresses.market), enclaveAttestedType, replies[0]?.vote as never)
    expect(replies.map((r) => recoverSigner(digest, r.signature.signature))).toEqual(
      keepers.map((k) => k.keys.signing.address),
    )
  })

  test('state the same facts, and give shares that only the attested key opens', async () => {
    const made = await newCase()
    const { admission, order, model } = made
    const keepers = await keepersOf(made)
    const replies = await Promise.all(keepers.map((keeper) => grant(admission, keeper)))
    expect(new Set(replies.map((r) => JSON.stringify(r.facts.facts))).size).toBe(1)
    expect(replies[0]?.facts.facts).toMatchObject({ buyer: buyer.address, order, generation: 1 })
    const { grantKey } = await parties()
    for (const [i, { facts, shares }] of replies.entries()) {
      const hash = fromHex(factsHash(facts.facts, facts.block), 32)
      expect(recoverSigner(hash, facts.by.signature)).toBe(keepers[i]?.keys.signing.address)
      const share = shares.find((s) => s.objectId === model.objectId)
      const { enclave } = admission.launch.message
      const info = grantInfo({ order, generation: 1, enclave, objectId: model.objectId, index: i + 1 })
      const opened = await hpkeOpen(grantKey.secret, info, new Uint8Array(), share?.sealed as never)
      expect(opened.expose()).toEqual(model.shares[i])
    }
  })
})

test('a grant that the log does not take releases nothing', async () => {
  const { admission, facts } = await newCase()
  const keeper = await newKeeper(async (query) => facts(query), { emit: () => Promise.reject(new Error('disk full')) })
  await expect(grant(admission, keeper)).rejects.toMatchObject({ code: 'keeper/log-unavailable' })
})

test('evidence that ends before the vote would gets none', async () => {
  const { admission, facts } = await newCase()
  const keeper = await newKeeper(async (query) => facts(query))
  const appraise: typeof keeper.appraise = (...asked) => ({ ...keeper.appraise(...asked), validUntil: NOW + 5 })
  await expect(vote(admission, { ...keeper, appraise })).rejects.toMatchObject({ code: 'keeper/evidence-expiring' })
})

test('another keeper’s challenge that expired ends the vote for all', async () => {
  const challenges = (all: Admission['challenges']) => all.map((c, i) => (i === 1 ? { ...c, expires: NOW - 1 } : c))
  const { admission, facts } = await newCase({ challenges })
  const keeper = await newKeeper(async (query) => facts(query))
  await expect(vote(admission, keeper)).rejects.toMatchObject({ code: 'keeper/challenge-expired' })
})

test('a replaced enclave is paid from its own challenge on, not for the time before it', async () => {
  const { admission, facts } = await newCase({ generation: 2, challengedAt: NOW - 10 })
  const keeper = await newKeeper(async (query) => facts(query))
  const reply = await grant(admission, keeper)
  expect([reply.facts.facts.startedAt, reply.lease.upTo]).toEqual([NOW - 10, NOW - 10])
})

test('decisions are chained by hash and signed', async () => {
  const made = await newCase()
  const keeper = await newKeeper(async (query) => made.facts(query))
  await vote(made.admission, keeper)
  await grant(made.admission as Admission, keeper)
  const [first, second] = keeper.entries
  expect([first?.decision.kind, second?.decision.kind]).toEqual(['vote', 'grant'])
  expect(second?.decision.previous).toBe(first && decisionHash(first.decision))
  expect(second && recoverSigner(fromHex(decisionHash(second.decision), 32), second.by.signature)).toBe(
    keeper.keys.signing.address,
  )
})
