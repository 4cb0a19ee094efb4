import type { Json, Offer, Policy } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import type { ObjectSeen } from '../chain/ChainFacts.ts'
import type { Case, Draft } from '../testing/newCase.ts'
import { originOf } from '../testing/objects.ts'
import { buyer, enclave, hex20, hex32, owner, signer } from '../testing/party.ts'
import { refusal, type Tampering } from '../testing/refusal.ts'

type Row = readonly [name: string, code: string, draft: Draft, tampering?: Tampering]

const rows = (all: readonly Row[]) =>
  test.each(all.map(([name, code, draft, tampering]) => ({ name, code, draft, tampering })))(
    '$name: $code',
    async ({ code, draft, tampering }) => expect(await refusal(draft, tampering)).toBe(code),
  )

const maker = signer(70)
const offers = (kind: number, change: (offer: Offer) => readonly Offer[]): Draft => ({
  offers: (all) => all.flatMap((o) => (o.kind === kind ? change(o) : [o])),
})
const manifests = (change: (given: { readonly [input: string]: Json }, made: Case) => object): Tampering => ({
  admission: (a, made) => ({ ...a, manifests: { ...change(a.manifests, made) } }),
})
// The model is the first object that the chain is asked about; data is the second.
const seen = (at: 0 | 1, change: Partial<ObjectSeen>): Draft => ({
  chain: (facts) => ({ ...facts, objects: facts.objects.map((o, i) => (i === at ? { ...o, ...change } : o)) }),
})
const policyOf = (name: 'model' | 'data', change: Partial<Policy>): Draft => ({
  policy: (policy, input) => (input === name ? { ...policy, ...change } : policy),
})

describe('spec inputs and offers, one to one', () => {
  rows([
    ['no machine', 'keeper/compute-offer', offers(1, () => [])],
    ['two machines', 'keeper/compute-offer', offers(1, (o) => [o, { ...o, salt: hex32(9) }])],
    ['another engine paid', 'keeper/engine-mismatch', offers(3, (o) => [{ ...o, subject: hex32(9) }])],
    ['two engines paid', 'keeper/offer-unused', offers(3, (o) => [o, { ...o, salt: hex32(9) }])],
    ['a free engine', 'ok', offers(3, () => [])],
    ['an offer for nothing in the spec', 'keeper/offer-unused', offers(2, (o) => [o, { ...o, subject: hex32(9) }])],
    ['one input paid twice', 'keeper/offer-unused', offers(2, (o) => [o, { ...o, salt: hex32(9) }])],
    ['yesterday’s manifest', 'keeper/offer-mismatch', offers(2, (o) => [{ ...o, manifestHash: hex32(9) }])],
    ['another committee offered', 'keeper/offer-mismatch', offers(2, (o) => [{ ...o, committee: hex32(9) }])],
    ['another policy offered', 'keeper/offer-mismatch', offers(2, (o) => [{ ...o, policyHash: hex32(9) }])],
    ['terms that this release cannot read', 'keeper/offer-terms', offers(2, (o) => [{ ...o, terms: hex32(9) }])],
    [
      'one object under two names',
      'keeper/input-twice',
      { spec: (s) => ({ ...s, inputs: { ...s.inputs, again: s.inputs.model as never } }) },
    ],
    ['a famous model in the spec of a cheap order', 'keeper/input-unpaid', offers(2, () => [])],
    ['somebody else’s data', 'keeper/input-unpaid', { dataOwner: signer(71) }],
  ])
})

describe('manifests', () => {
  rows([
    ['missing', 'keeper/manifest-missing', {}, manifests(({ model }) => ({ model }))],
    ['one too many', 'keeper/manifest-unexpected', {}, manifests((m) => ({ ...m, more: m.model }))],
    [
      'changed',
      'keeper/manifest-mismatch',
      {},
      manifests((m) => ({ ...m, model: { ...(m.model as object), version: 2 } })),
    ],
    ['swapped', 'keeper/manifest-mismatch', {}, manifests(({ model, data }) => ({ model: data, data: model }))],
    [
      'of another object than the spec’s',
      'content/object-mismatch',
      {
        spec: (s) => ({
          ...s,
          inputs: { ...s.inputs, data: { ...(s.inputs.data as object), objectId: hex32(9) } as never },
        }),
        chain: (facts) => ({
          ...facts,
          objects: [...facts.objects, { ...unknownObject, objectId: hex32(9) }],
        }),
      },
    ],
    ['not by its owner', 'content/manifest-signer', { modelSigner: buyer }],
  ])
})

const origin = await originOf()

describe('ownership', () => {
  rows([
    ['rented but unregistered', 'keeper/object-unregistered', seen(0, { standing: 'unknown', owner: null })],
    ['registered to somebody else', 'keeper/object-owner', seen(0, { owner: hex20(9) })],
    ['offered by somebody else', 'keeper/object-owner', offers(2, (o) => [{ ...o, owner: hex20(9) }])],
    ['halted', 'keeper/object-halted', seen(0, { standing: 'halted' })],
    ['retired', 'keeper/object-halted', seen(0, { standing: 'retired' })],
    ['the chain is silent on it', 'keeper/object-unregistered', { chain: (f) => ({ ...f, objects: [] }) }],
    [
      'the table misses an ancestor',
      'keeper/royalties-mismatch',
      { ...derived(), ...seen(0, { origin: { ...origin, enclave: maker.address }, dues: {} }) },
    ],
    ['another royalty registered', 'keeper/royalties-mismatch', seen(0, { self: { ...royalty, bps: 1 } })],
  ])
})

describe('derived objects', () => {
  const proved = seen(0, { origin: { ...origin, enclave: maker.address } })
  rows([
    ['by the enclave that the chain names', 'ok', { ...derived(), ...proved }],
    ['without a report', 'keeper/derived-unproved', derived()],
    ['signed by its owner', 'content/manifest-signer', { ...derived(), ...proved, modelSigner: owner }],
    [
      'by another enclave',
      'content/manifest-signer',
      { ...derived(), ...seen(0, { origin: { ...origin, enclave: enclave.address } }) },
    ],
    [
      'let in by another committee',
      'keeper/committee-mismatch',
      { ...derived(), ...seen(0, { origin: { ...origin, enclave: maker.address, committee: hex32(1) } }) },
    ],
    [
      'of another market',
      'keeper/derived-unproved',
      { ...derived(), ...seen(0, { origin: { ...origin, enclave: maker.address, market: hex20(1) } }) },
    ],
    [
      'the buyer’s own without an offer, to dodge the floors',
      'keeper/input-unpaid',
      {
        ...policyOf('data', { lineage: [hex32(1)] }),
        ...seen(1, { origin: { ...origin, enclave: buyer.address } }),
      },
    ],
    ['passed off as the buyer’s original', 'keeper/derived-unproved', policyOf('data', { lineage: [hex32(1)] })],
  ])
})

const royalty = { bps: 1000, floorPerSecond: '5', floorPerOrder: '7' }

const unknownObject: ObjectSeen = {
  objectId: hex32(9),
  standing: 'unknown',
  owner: null,
  self: { bps: 0, floorPerSecond: '0', floorPerOrder: '0' },
  dues: {},
  origin: null,
  release: null,
}

function derived(): Draft {
  const inherited = { [hex32(0x99)]: royalty }
  return {
    modelSigner: maker,
    policy: (policy, input) =>
      input === 'model' ? { ...policy, lineage: [hex32(0x99)], royalties: { ...policy.royalties, inherited } } : policy,
  }
}
