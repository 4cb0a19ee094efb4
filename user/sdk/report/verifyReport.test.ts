import type { OrderLog, OrderOnChain, View } from '@allod/chain'
import {
  canonicalise,
  type Envelope,
  envelopeHash,
  fromBase64Url,
  type Json,
  newSigningKey,
  parseCanonical,
  type ReportPredicate,
  type ReportStatement,
  toBase64Url,
} from '@allod/protocol'
import { expect, test } from 'vitest'
import { devnetTrust } from '../devnet/devnetTrust.ts'
import { fill, sampleReport, seal } from '../testing/sampleReport.ts'
import { verifyReport } from './verifyReport.ts'

const { predicate, enclave, root, envelope } = await sampleReport()
const trust = devnetTrust({ devnet: true, name: 'devnet', trust: { simulatedRoot: root, isUnisolatedAllowed: false } })

const changed = (change: (statement: ReportStatement) => unknown): Envelope => {
  const statement = structuredClone(parseCanonical(fromBase64Url(envelope.payload), 4 << 20)) as ReportStatement
  return { ...envelope, payload: toBase64Url(canonicalise({ ...statement, ...(change(statement) as object) } as Json)) }
}
const withPredicate = (part: Partial<ReportPredicate>): Envelope =>
  changed((s) => ({ predicate: { ...s.predicate, ...part } }))

const refused = (check: string) => ({ code: 'sdk/report-refused', meta: { check } })

test('checks a report from its file, and says what only the chain knows', async () => {
  const { verdict, checks, isHardware } = await verifyReport(envelope, { trust })
  expect(verdict).toBe('unknown')
  expect(isHardware).toBe(false)
  expect(checks.filter((c) => c.result !== 'pass').map((c) => c.name)).toEqual([
    'chain-order',
    'chain-enclave',
    'chain-build',
    'chain-evidence',
    'chain-report',
    'chain-approved',
  ])
})

test('calls simulated evidence unknown where nobody trusts its root', async () => {
  const { checks } = await verifyReport(envelope)
  expect(checks.find((c) => c.name === 'evidence')).toMatchObject({
    result: 'unknown',
    actual: 'attestation/unsupported-kind',
  })
  const other = devnetTrust({
    devnet: true,
    name: 'other',
    trust: { simulatedRoot: fill(32, 99), isUnisolatedAllowed: false },
  })
  expect((await verifyReport(envelope, { trust: other })).checks[0]).toMatchObject({
    result: 'unknown',
    actual: 'attestation/root-untrusted',
  })
})

test('names the field that was changed where a second witness disagrees', async () => {
  const { terms, spec, vote } = predicate
  const cases: readonly (readonly [Partial<ReportPredicate>, string])[] = [
    [{ order: fill(32, 1) }, 'terms'],
    [{ terms: { ...terms, seconds: 1 } }, 'terms'],
    [{ spec: { ...spec, engine: { ...spec.engine, seed: 2 } } }, 'spec'],
    [{ build: fill(32, 1) }, 'build'],
    [{ vote: { ...vote, evidenceHash: fill(32, 1) } }, 'evidence-hash'],
    [{ outputs: [] }, 'subjects'],
    [{ votes: predicate.votes.slice(1) }, 'votes'],
    [{ facts: predicate.facts.slice(1) }, 'facts'],
  ]
  for (const [part, field] of cases)
    await expect(verifyReport(withPredicate(part), { trust }), field).rejects.toMatchObject({
      code: 'report/signature-mismatch',
      meta: { field },
    })
})

test('refuses a changed field that has no second witness too', async () => {
  await expect(verifyReport(withPredicate({ metrics: { loss: '0.01' } }), { trust })).rejects.toMatchObject({
    code: 'report/signature-mismatch',
    meta: { field: 'unknown' },
  })
})

test('refuses a report that somebody else signed', async () => {
  const other = newSigningKey()
  await expect(verifyReport(seal(other, predicate), { trust })).rejects.toMatchObject({
    code: 'report/signature-mismatch',
  })
})

test('refuses what an enclave signed but keepers did not vote for', async () => {
  const stranger = newSigningKey()
  const forged = { ...predicate, enclave: stranger.address }
  await expect(verifyReport(seal(stranger, forged), { trust })).rejects.toMatchObject(refused('evidence-enclave'))
})

test('refuses votes by fewer keepers than the committee asks for', async () => {
  const [vote] = predicate.votes
  const thin = seal(enclave, { ...predicate, votes: vote ? [vote, vote] : [] })
  await expect(verifyReport(thin, { trust })).rejects.toMatchObject(refused('votes'))
})

test('refuses keepers who state different facts', async () => {
  const [a, b] = predicate.facts
  const facts = a && b ? [a, { ...b, facts: { ...b.facts, seconds: 601 } }] : []
  await expect(verifyReport(seal(enclave, { ...predicate, facts }), { trust })).rejects.toMatchObject(refused('facts'))
})

test('refuses an output that none of the order’s stores holds', async () => {
  const others = new Set(predicate.outputs.map((o) => o.manifestHash))
  const thin = seal(enclave, { ...predicate, storage: predicate.storage.filter((r) => !others.has(r.digest)) })
  await expect(verifyReport(thin, { trust })).rejects.toMatchObject(refused('stored-adapter'))
})

test('refuses evidence that was changed', async () => {
  const evidence = structuredClone(predicate.evidence) as { cpu: { evidence: string } }
  const bytes = fromBase64Url(evidence.cpu.evidence)
  bytes[100] = (bytes[100] ?? 0) ^ 1
  evidence.cpu.evidence = toBase64Url(bytes)
  await expect(
    verifyReport(seal(enclave, { ...predicate, evidence: evidence as Json }), { trust }),
  ).rejects.toMatchObject(refused('evidence'))
})

test('refuses what is not a report', async () => {
  await expect(verifyReport({ payload: 'x' }, { trust })).rejects.toMatchObject({ code: 'protocol/bad-shape' })
})

/** The chain as it would answer for this report, its build revoked in a block, or never. */
const viewWhere = (revokedBlock: bigint | null): View => {
  const view: Pick<View, 'order' | 'build' | 'orderEvents' | 'revocationOf'> = {
    order: async () => ({ state: 'ended', startedAt: 100 }) as OrderOnChain,
    build: async (build) => ({
      build,
      announcedAt: 1,
      from: 1,
      isRevoked: revokedBlock !== null,
      isApproved: revokedBlock === null,
    }),
    orderEvents: async () =>
      [
        {
          name: 'Bound',
          block: 50n,
          args: {
            generation: predicate.generation,
            enclave: predicate.enclave,
            build: predicate.build,
            evidenceHash: predicate.vote.evidenceHash,
          },
        },
        { name: 'Reported', block: 60n, args: { reportHash: envelopeHash(envelope) } },
      ] as unknown as readonly OrderLog[],
    revocationOf: async () => revokedBlock,
  }
  return view as View
}

test('a build that was revoked after its enclave was recorded was valid then', async () => {
  expect((await verifyReport(envelope, { trust, view: viewWhere(null) })).verdict).toBe('valid-then')
  expect((await verifyReport(envelope, { trust, view: viewWhere(70n) })).verdict).toBe('revoked-since')
})

test('a build that had been revoked before is no build to report from', async () => {
  await expect(verifyReport(envelope, { trust, view: viewWhere(40n) })).rejects.toMatchObject(refused('chain-approved'))
})
