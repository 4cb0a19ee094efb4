import { hpkeOpen } from '@allod/content'
import { fromHex, type Json, type Policy, type Release, recoverSigner, releaseHash, releaseInfo } from '@allod/protocol'
import { expect, test } from 'vitest'
import type { ChainFacts, ObjectSeen, Origin } from '../chain/ChainFacts.ts'
import { type Case, newCase } from '../testing/newCase.ts'
import { newKeeper } from '../testing/newKeeper.ts'
import { NO_ROYALTY, originOf, type TestObject, testObject } from '../testing/objects.ts'
import { buyer, enclave, hex20, hex32, NOW, owner, parties } from '../testing/party.ts'
import { codeOf } from '../testing/refusal.ts'
import { release } from './release.ts'

type Asked = {
  readonly policy?: (policy: Policy) => Policy
  readonly signer?: typeof enclave
  readonly method?: string
  readonly order?: Partial<ChainFacts['order']>
  readonly seen?: Partial<ObjectSeen>
  readonly origin?: Partial<Origin>
  readonly headTime?: number
  readonly request?: (request: Release) => Release
}

const exported = { adapter: 'buyer', full: 'never', data: 'never' } as const

async function asking(asked: Asked) {
  const made: Case = await newCase({
    spec: (s) => ({ ...s, engine: { ...s.engine, parameters: { method: asked.method ?? 'lora' } } }),
  })
  const change = asked.policy ?? ((p) => p)
  const derive = (p: Policy) => change({ ...p, export: exported, lineage: [made.model.objectId] })
  const result: TestObject = await testObject(61, buyer.address, asked.signer ?? enclave, derive)
  const object: ObjectSeen = {
    objectId: result.objectId,
    standing: 'live',
    owner: buyer.address,
    self: NO_ROYALTY,
    dues: {},
    origin: await originOf({ order: made.order, ...asked.origin }),
    release: null,
    ...asked.seen,
  }
  const keeper = await newKeeper(async (query) => {
    const facts = made.facts(query)
    const order = { ...facts.order, state: 'ended' as const, isReported: true, isVested: true, ...asked.order }
    return { ...facts, headTime: asked.headTime ?? NOW, order, objects: [object] }
  })
  const { spec, terms, committee } = made.admission
  const request: Release = { order: made.order, spec, terms, committee, manifest: result.manifest as Json }
  return { keeper, result, request: (asked.request ?? ((r) => r))(request) }
}

test('lets a result out to the recipient of the spec, once its report is final', async () => {
  const { keeper, result, request } = await asking({})
  const reply = await release(request, keeper)
  const { resultKey } = await parties()
  const info = releaseInfo({ order: request.order, objectId: result.objectId, index: 1 })
  const share = await hpkeOpen(resultKey.secret, info, new Uint8Array(), reply.sealed)
  expect(share.expose()).toEqual(result.shares[0])
  const hash = fromHex(releaseHash(request.order, reply), 32)
  expect(recoverSigner(hash, reply.by.signature)).toBe(keeper.keys.signing.address)
  expect(keeper.entries.map((e) => e.decision.kind)).toEqual(['release'])
})

const rows: readonly (readonly [string, string, Asked])[] = [
  ['a report that is not final', 'keeper/not-reported', { order: { isReported: false } }],
  ['fees that have not vested', 'keeper/not-reported', { order: { isVested: false } }],
  ['an object of another order', 'keeper/not-of-order', { origin: { order: hex32(1) } }],
  ['an object of another market', 'keeper/derived-unproved', { origin: { market: hex20(1) } }],
  ['an object that another committee let be made', 'keeper/committee-mismatch', { origin: { committee: hex32(1) } }],
  ['an order of another committee', 'keeper/committee-mismatch', { order: { committee: hex32(1) } }],
  ['an order of another kind', 'keeper/job-mismatch', { order: { job: 'run' } }],
  ['an original', 'keeper/not-of-order', { seen: { origin: null } }],
  ['an object of another owner', 'keeper/not-of-order', { seen: { owner: owner.address } }],
  ['a retired object', 'keeper/object-halted', { seen: { standing: 'retired' } }],
  ['a kind that no policy lets out', 'keeper/export-refused', { method: 'full' }],
  [
    'a policy that lets nothing out',
    'keeper/export-refused',
    { policy: (p) => ({ ...p, export: { ...exported, adapter: 'never' } }) },
  ],
  ['a manifest by somebody else', 'content/manifest-signer', { signer: owner }],
  [
    'another spec, with another recipient',
    'protocol/spec-mismatch',
    {
      request: (r) => ({ ...r, spec: { ...r.spec, recipients: { ...r.spec.recipients, results: '0x01' } } }),
    },
  ],
  ['terms of another order', 'protocol/order-terms-mismatch', { request: (r) => ({ ...r, order: hex32(1) }) }],
  ['another chain', 'keeper/wrong-chain', { request: (r) => ({ ...r, terms: { ...r.terms, chainId: '1' } }) }],
  [
    'another committee',
    'keeper/committee-mismatch',
    { request: (r) => ({ ...r, committee: { ...r.committee, t: 3 } }) },
  ],
  ['a chain that stands still', 'keeper/clock-skew', { headTime: NOW - 500 }],
]
test.each(rows.map(([name, code, asked]) => ({ name, code, asked })))(
  'refuses $name: $code',
  async ({ code, asked }) => {
    const { keeper, request } = await asking(asked)
    expect(await codeOf(release(request, keeper))).toBe(code)
  },
)
