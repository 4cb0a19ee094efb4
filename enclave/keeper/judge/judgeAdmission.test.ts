import { type Admission, committeeId, newCommittee, newSigningKey, type Policy } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import type { ChainFacts } from '../chain/ChainFacts.ts'
import type { Draft } from '../testing/newCase.ts'
import { buyer, chipId, hex20, hex32, machine, NOW, provider } from '../testing/party.ts'
import { refusal, type Tampering } from '../testing/refusal.ts'

type Row = readonly [name: string, code: string, draft: Draft, tampering?: Tampering]

const rows = (all: readonly Row[]) =>
  test.each(all.map(([name, code, draft, tampering]) => ({ name, code, draft, tampering })))(
    '$name: $code',
    async ({ code, draft, tampering }) => expect(await refusal(draft, tampering)).toBe(code),
  )

const edit = (change: (admission: Admission) => Partial<Admission>): Tampering => ({
  admission: (a) => ({ ...a, ...change(a) }),
})
const order = (change: Partial<ChainFacts['order']>): Draft => ({
  chain: (facts) => ({ ...facts, order: { ...facts.order, ...change } }),
})
const modelPolicy = (change: Partial<Policy>): Draft => ({
  policy: (policy, input) => (input === 'model' ? { ...policy, ...change } : policy),
})
const other = newSigningKey(new Uint8Array(32).fill(99))
const grant: Tampering = { stage: 'grant' }

describe('accepts', () => {
  rows([
    ['an order with a rented model and own data', 'ok', {}],
    ['the same once its start is final', 'ok', {}, grant],
    ['a late challenge for a grant, because finality took its time', 'ok', { challengedAt: NOW - 300 }, grant],
    ['the enclave that replaces a dead one', 'ok', { generation: 2, ...order({ state: 'active', generation: 1 }) }],
    [
      'a build that an owner pins',
      'ok',
      { policy: (p) => ({ ...p, builds: { kind: 'pinned', list: [hex32(0xb1)] } }) },
    ],
    ['a job whose inputs are all public', 'ok', publicOnly(), edit(() => ({ manifests: {} }))],
  ])
})

describe('challenges', () => {
  const change = (i: number, fields: object): Draft => ({
    challenges: (all) => all.map((c, at) => (at === i ? { ...c, ...fields } : c)),
  })
  rows([
    ['none of this keeper', 'keeper/challenge-missing', { challenges: (all) => all.slice(1) }],
    ['two of this keeper', 'keeper/challenge-missing', { challenges: (all) => all.flatMap((c) => [c, c]) }],
    ['one whose end was moved', 'keeper/challenge-forged', change(0, { expires: NOW + 9999 })],
    ['one with another nonce', 'keeper/challenge-forged', change(0, { nonce: hex32(1) })],
    ['one that expired', 'keeper/challenge-expired', { challengedAt: NOW - 200 }],
    ['one that came too late for a grant', 'keeper/challenge-expired', { challengedAt: NOW - 800 }, grant],
    ['another keeper’s from the future', 'keeper/clock-skew', change(1, { time: NOW + 500 })],
  ])
})

describe('order and committee', () => {
  const strangers = newCommittee(2, [
    { hpkeKey: '0x01', address: hex20(1) },
    { hpkeKey: '0x02', address: hex20(2) },
  ])
  rows([
    ['another chain', 'keeper/wrong-chain', { terms: (t) => ({ ...t, chainId: '1' }) }],
    ['another market', 'keeper/wrong-chain', { terms: (t) => ({ ...t, market: hex20(1) }) }],
    ['terms changed', 'protocol/order-terms-mismatch', {}, edit(({ terms }) => ({ terms: { ...terms, seconds: 1 } }))],
    ['spec changed', 'protocol/spec-mismatch', {}, edit(({ spec }) => ({ spec: { ...spec, salt: hex32(1) } }))],
    ['another threshold', 'keeper/committee-mismatch', {}, edit((a) => ({ committee: { ...a.committee, t: 1 } }))],
    [
      'a committee without this keeper',
      'keeper/not-a-member',
      { spec: (s) => ({ ...s, committee: committeeId(strangers) }) },
      edit(() => ({ committee: strangers })),
    ],
    ['a committee that the order does not pay', 'keeper/committee-mismatch', order({ committee: hex32(1) })],
    ['placed as another kind of job', 'keeper/job-mismatch', order({ job: 'serve' })],
    ['already ended', 'keeper/order-state', order({ state: 'ended' })],
    ['unknown on chain', 'keeper/order-state', order({ state: 'none' })],
    ['reported already', 'keeper/order-state', order({ isReported: true })],
    ['a generation that is not awaited', 'keeper/order-state', { ...order({ generation: 1 }), generation: 1 }],
    ['a start that is not final', 'keeper/not-final', order({ state: 'open', generation: 0 }), grant],
    ['a rebind that is not final', 'keeper/not-final', { generation: 2, ...order({ generation: 1 }) }, grant],
    ['another enclave recorded', 'keeper/enclave-mismatch', order({ enclave: hex20(7) }), grant],
    ['a later generation recorded', 'keeper/enclave-mismatch', order({ generation: 2 }), grant],
    ['ended before the grant', 'keeper/order-state', order({ state: 'ended' }), grant],
    ['a head that is too old', 'keeper/clock-skew', { chain: (facts) => ({ ...facts, headTime: NOW - 500 }) }],
    ['a head from the future', 'keeper/clock-skew', { chain: (facts) => ({ ...facts, headTime: NOW + 60 }) }],
    [
      'the contract refuses an object',
      'keeper/release-refused',
      {
        chain: (facts) => ({
          ...facts,
          objects: facts.objects.map((o) => ({ ...o, release: { isAllowed: false, reason: 'ObjectNotLive' } })),
        }),
      },
      grant,
    ],
    [
      'the contract refuses the order',
      'keeper/release-refused',
      { chain: (facts) => ({ ...facts, release: { isAllowed: false, reason: 'BuildNotApproved' } }) },
      grant,
    ],
  ])
})

describe('launch', () => {
  const providerOf = (seen: ChainFacts['provider']): Draft => ({ chain: (facts) => ({ ...facts, provider: seen }) })
  rows([
    ['signed by somebody else', 'keeper/launch-not-by-provider', { launchKey: other }],
    ['signed by the provider’s cold key', 'keeper/launch-not-by-provider', { launchKey: provider }],
    ['a provider without a record', 'keeper/launch-not-by-provider', providerOf(null)],
    [
      'an approved build on another machine',
      'keeper/machine-unregistered',
      { chain: (f) => ({ ...f, provider: f.provider && { ...f.provider, machines: [hex32(1)] } }) },
    ],
  ])
})

describe('policies', () => {
  const list = (...all: readonly `0x${string}`[]) => ({ kind: 'list' as const, list: all })
  const outputs = (p: Policy, maxBytes: number) => ({ ...p.outputs, maxBytes })
  const notice = { kind: 'registry' as const, noticeSeconds: 5000 }
  const chainBuild = (change: object): Draft => ({
    chain: (f) => ({ ...f, build: f.build && { ...f.build, ...change } }),
  })
  rows([
    ['another purpose', 'keeper/purpose-refused', modelPolicy({ purposes: ['serve'] })],
    ['another engine', 'keeper/engine-refused', modelPolicy({ engines: list(hex32(2)) })],
    ['a build announced too lately', 'keeper/build-refused', modelPolicy({ builds: notice })],
    ['a build that was revoked', 'keeper/build-refused', chainBuild({ isApproved: false })],
    ['another build pinned', 'keeper/build-refused', modelPolicy({ builds: { kind: 'pinned', list: [hex32(3)] } })],
    [
      'a pin by one owner does not stand in for the registry that another relies on',
      'keeper/build-refused',
      {
        ...modelPolicy({ builds: { kind: 'pinned', list: [hex32(0xb1)] } }),
        ...chainBuild({ isApproved: false }),
      },
    ],
    ['another provider', 'keeper/provider-refused', modelPolicy({ providers: list(hex20(1)) })],
    ['another machine', 'keeper/machine-refused', modelPolicy({ machines: list(hex32(1)) })],
    ['a listed machine', 'ok', modelPolicy({ machines: list(machine) })],
    ['another buyer', 'keeper/buyer-refused', modelPolicy({ buyers: list(hex20(1)) })],
    ['a listed buyer', 'ok', modelPolicy({ buyers: list(buyer.address) })],
    ['too large an output', 'keeper/output-too-large', { policy: (p) => ({ ...p, outputs: outputs(p, 1000) }) }],
    [
      'two owners who trust different roots',
      'protocol/policies-exclude',
      modelPolicy({ tee: { trust: 'simulated', root: hex32(5), minimumTcb: 0, gpu: 'none' } }),
    ],
    [
      'hardware, which this bundle cannot judge',
      'keeper/tee-refused',
      { policy: (p) => ({ ...p, tee: { trust: 'hardware', kinds: ['tdx'], minimumTcb: 0, gpu: 'none' } }) },
    ],
  ])
})

describe('evidence', () => {
  rows([
    ['answers other challenges', 'keeper/nonces-mismatch', { bound: (b) => ({ ...b, nonces: b.nonces.slice(1) }) }],
    ['for another order', 'attestation/bound-fact-mismatch', { bound: (b) => ({ ...b, order: hex32(1) }) }],
    ['for another generation', 'attestation/bound-fact-mismatch', { bound: (b) => ({ ...b, generation: 9 }) }],
    ['for another chain', 'attestation/bound-fact-mismatch', { bound: (b) => ({ ...b, chainId: '1' }) }],
    ['for another spec', 'attestation/bound-fact-mismatch', { bound: (b) => ({ ...b, specHash: hex32(1) }) }],
    ['by another enclave', 'attestation/bound-fact-mismatch', { bound: (b) => ({ ...b, signingAddress: hex20(1) }) }],
    ['in another role', 'attestation/bound-fact-mismatch', { bound: (b) => ({ ...b, role: 'client' }) }],
    ['another build claimed', 'attestation/build-mismatch', { bound: (b) => ({ ...b, buildDigest: hex32(1) }) }],
    ['of a debug enclave', 'attestation/debug-enabled', { report: (r) => ({ ...r, isDebug: true }) }],
    ['below the TCB', 'attestation/tcb-too-old', { report: (r) => ({ ...r, tcb: 1 }) }],
    [
      'of a measurement nobody knows',
      'attestation/measurement-unknown',
      { report: (r) => ({ ...r, measurement: `0x${'01'.repeat(48)}` }) },
    ],
    ['without a sandbox', 'attestation/not-isolated', { report: (r) => ({ ...r, isIsolated: false }) }],
    ['of another chip', 'attestation/endorsement-disagrees', { report: (r) => ({ ...r, chipId: hex32(9) }) }],
    ['with a spliced GPU', 'attestation/gpu-nonce-mismatch', { gpu: (r) => ({ ...r, nonce: chipId }) }],
    [
      'without the GPU that an owner asks for',
      'keeper/gpu-missing',
      { gpu: 'none', policy: (p) => ({ ...p, tee: { ...p.tee, gpu: 'required' } }) },
    ],
    [
      'with another key put in after the report',
      'attestation/report-data-mismatch',
      {},
      {
        admission: (a) => {
          const bundle = a.bundle as { bound: object }
          return { ...a, bundle: { ...bundle, bound: { ...bundle.bound, hpkeKey: '0x00' } } as Admission['bundle'] }
        },
      },
    ],
  ])
})

function publicOnly(): Draft {
  const treeHash = hex32(0x77)
  return {
    spec: (s) => ({ ...s, inputs: { model: { kind: 'public', treeHash } } }),
    offers: (all) => all.filter((o) => o.kind !== 2),
  }
}
