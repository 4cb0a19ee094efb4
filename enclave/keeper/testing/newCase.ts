import type { EvidenceBundle } from '@allod/attestation'
import { type SimulatedGpuReport, type SimulatedReport, simulatedMeasurement } from '@allod/attestation/simulated'
import {
  type Admission,
  allodDomain,
  type BoundFacts,
  type Challenge,
  committeeId,
  devicesHash,
  fromBase64Url,
  gpuNonce,
  type Hex,
  type JobSpec,
  type Json,
  launchType,
  type Offer,
  type OrderTerms,
  orderId,
  type Policy,
  reportData,
  type SigningKey,
  signDigest,
  specHash,
  toHex,
  typedDigest,
} from '@allod/protocol'
import type { ChainFacts, ChainQuery, ObjectSeen } from '../chain/ChainFacts.ts'
import { newChallenge } from '../keys/challenge.ts'
import { NO_ROYALTY, type TestObject, testObject } from './objects.ts'
import {
  addresses,
  build,
  buyer,
  CHAIN_ID,
  cpuEvidence,
  enclave,
  engineAuthor,
  gpuEvidence,
  hex20,
  hex32,
  machine,
  NOW,
  owner,
  parties,
  provider,
  providerKey,
  seed,
} from './party.ts'

/** Changes to the order of the tests, each before whatever depends on it is made; so all the rest still agrees. */
export type Draft = {
  readonly policy?: (policy: Policy, input: 'model' | 'data') => Policy
  readonly modelSigner?: SigningKey
  readonly dataOwner?: SigningKey
  readonly spec?: (spec: JobSpec) => JobSpec
  readonly offers?: (offers: readonly Offer[]) => readonly Offer[]
  readonly terms?: (terms: OrderTerms) => OrderTerms
  readonly challenges?: (challenges: readonly Challenge[]) => readonly Challenge[]
  readonly bound?: (facts: BoundFacts) => BoundFacts
  readonly report?: (report: SimulatedReport) => SimulatedReport
  readonly gpu?: ((report: SimulatedGpuReport) => SimulatedGpuReport) | 'none'
  readonly launchKey?: SigningKey
  readonly generation?: number
  /** Changes what the chain says. */
  readonly chain?: (facts: ChainFacts, query: ChainQuery) => ChainFacts
  /** When the challenges were given. */
  readonly challengedAt?: number
}

export type Case = {
  readonly admission: Admission
  readonly order: Hex
  readonly model: TestObject
  readonly data: TestObject
  /** What the chain says to a query, before the order's start and after it. */
  readonly facts: (query: ChainQuery) => ChainFacts
}

const NOTHING = hex32(0)
export const STARTED_AT = NOW - 20
/** How long after an order's end the market counts time before it. */
export const CLOSE_SECONDS = 300

/** An order that every keeper accepts: a rented model, the buyer's own data, an engine, a machine; changed by the draft. */
export async function newCase(draft: Draft = {}): Promise<Case> {
  const { committee } = await parties()
  const change = draft.policy ?? ((p) => p)
  const dataOwner = draft.dataOwner ?? buyer
  const model = await testObject(41, owner.address, draft.modelSigner ?? owner, (p) => change(p, 'model'))
  const data = await testObject(51, dataOwner.address, dataOwner, (p) => change(p, 'data'))
  const spec = await newSpec(model, data, draft)
  const terms = newTerms(model, spec, draft)
  const order = orderId(terms)
  const message = { order, generation: draft.generation ?? 1, enclave: enclave.address }
  const digest = typedDigest(allodDomain(BigInt(CHAIN_ID), addresses.market), launchType, message)
  const challenges = (draft.challenges ?? ((c) => c))(await newChallenges(draft.challengedAt ?? NOW - 30))
  const admission: Admission = {
    challenges,
    bundle: (await newEvidence(message, challenges, terms, draft)) as Json,
    spec,
    terms,
    launch: { message, signature: signDigest(draft.launchKey ?? providerKey, digest) },
    manifests: { model: model.manifest as Json, data: data.manifest as Json },
    committee,
  }
  return { admission, order, model, data, facts: (query) => seenBy(query, { model, data, spec, draft }) }
}

async function newSpec(model: TestObject, data: TestObject, { spec }: Draft): Promise<JobSpec> {
  const { committee, resultKey } = await parties()
  const object = ({ objectId, manifestHash }: TestObject) => ({ kind: 'object' as const, objectId, manifestHash })
  return (spec ?? ((s) => s))({
    version: 1,
    kind: 'finetune',
    inputs: { model: object(model), data: object(data) },
    engine: { digest: hex32(0xe1), parameters: { method: 'lora' }, seed: 1 },
    build,
    limits: { memoryBytes: 1 << 30, seconds: 600, outputBytes: 1 << 20 },
    committee: committeeId(committee),
    stores: [11, 12].map((fill) => ({ address: hex20(fill), url: `http://127.0.0.1:${fill}` })),
    recipients: { results: resultKey.publicKey, logs: resultKey.publicKey },
    serve: null,
    derived: { royalty: NO_ROYALTY },
    salt: hex32(0x5a),
  })
}

const offer = (kind: Offer['kind'], by: Hex, subject: Hex): Offer => ({
  ...{ owner: by, payee: by, token: hex20(0xa5), kind, subject },
  ...{ manifestHash: NOTHING, policyHash: NOTHING, committee: NOTHING, terms: NOTHING },
  ...{ perSecond: '1000', perOrder: '5', minSeconds: 1, maxSeconds: 3600, capacity: 1, maxRuns: 0 },
  ...{ expiry: NOW + 3600, epoch: 0, salt: hex32(kind) },
})

function newTerms(model: TestObject, spec: JobSpec, draft: Draft): OrderTerms {
  const { objectId, manifestHash, policyHash } = model
  const offers = (draft.offers ?? ((o) => o))([
    offer(1, provider.address, hex32(0xf1)),
    { ...offer(2, owner.address, objectId), manifestHash, policyHash, committee: spec.committee },
    offer(3, engineAuthor.address, spec.engine.digest),
  ])
  const lane = { owner: owner.address, payee: owner.address, capacity: 1, maxRuns: 0, perSecond: '1000', perOrder: '5' }
  return (draft.terms ?? ((t) => t))({
    chainId: CHAIN_ID,
    market: addresses.market,
    buyer: buyer.address,
    salt: hex32(0x0d),
    offers,
    lanes: [lane],
    specHash: specHash(spec),
    seconds: 600,
  })
}

async function newChallenges(now: number): Promise<readonly Challenge[]> {
  const { keepers } = await parties()
  return keepers.map((k, i) => newChallenge(k.id, k.challengeMac, { now, forSeconds: 120, random: seed(60 + i) }))
}

async function newEvidence(
  { order, generation, enclave: signingAddress }: Admission['launch']['message'],
  challenges: readonly Challenge[],
  terms: OrderTerms,
  draft: Draft,
): Promise<EvidenceBundle> {
  const { grantKey } = await parties()
  const nonces = challenges.map(({ keeper, nonce }) => ({ id: keeper, nonce }))
  const hpkeKey = grantKey.publicKey
  const devices = draft.gpu === 'none' ? [] : [await gpuEvidence(gpuNonce(nonces, hpkeKey), draft.gpu)]
  const bound = (draft.bound ?? ((b) => b))({
    role: 'grant',
    nonces,
    hpkeKey,
    signingAddress,
    tlsSpkiHash: null,
    devicesHash: devicesHash(devices.map((d) => fromBase64Url(d.evidence))),
    buildDigest: build,
    specHash: terms.specHash,
    chainId: terms.chainId,
    market: terms.market,
    order,
    generation,
  })
  return { version: 1, cpu: await cpuEvidence(toHex(reportData(bound)), draft.report), devices, bound }
}

type Known = { readonly model: TestObject; readonly data: TestObject; readonly spec: JobSpec; readonly draft: Draft }

function seenBy(query: ChainQuery, { model, data, spec, draft }: Known): ChainFacts {
  const generation = draft.generation ?? 1
  const isStarted = query.at === 'final'
  const allowed = query.release ? { isAllowed: true, reason: '' } : null
  const seen = (object: TestObject, isRegistered: boolean): ObjectSeen => ({
    objectId: object.objectId,
    standing: isRegistered ? 'live' : 'unknown',
    owner: isRegistered ? object.manifest.owner : null,
    self: isRegistered ? object.manifest.policy.royalties.self : NO_ROYALTY,
    dues: isRegistered ? object.manifest.policy.royalties.inherited : {},
    origin: null,
    release: allowed,
  })
  const objects = [seen(model, true), seen(data, false)]
  const facts: ChainFacts = {
    block: { number: '100', hash: hex32(0xbb), time: NOW - 2 },
    headTime: NOW - 1,
    order: {
      state: isStarted ? 'active' : 'open',
      job: spec.kind,
      isVested: false,
      isReported: false,
      committee: spec.committee,
      enclave: isStarted ? enclave.address : hex20(0),
      generation: isStarted ? generation : generation - 1,
      startedAt: isStarted ? STARTED_AT : 0,
      endsAt: isStarted ? STARTED_AT + spec.limits.seconds : 0,
      closesAt: isStarted ? STARTED_AT + spec.limits.seconds + CLOSE_SECONDS : CLOSE_SECONDS,
    },
    release: allowed,
    provider: query.provider === provider.address ? { key: providerKey.address, machines: [machine] } : null,
    build:
      query.build === build
        ? {
            isApproved: true,
            announcedAt: NOW - 1000,
            measured: query.measurement === simulatedMeasurement(build) ? build : null,
          }
        : null,
    objects: objects.filter((o) => query.objects.some((q) => q.objectId === o.objectId)),
  }
  return (draft.chain ?? ((f) => f))(facts, query)
}
