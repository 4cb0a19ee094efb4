import { type HpkeKey, type Manifest, manifestHash, newHpkeKey } from '@allod/content'
import { sealFolder, sealStream } from '@allod/content/seal'
import { publishTree, type Store } from '@allod/content/stores'
import {
  type Committee,
  committeeId,
  type Facts,
  type Hex,
  type JobDocument,
  type JobSpec,
  type Json,
  keeperId,
  newCommittee,
  newSigningKey,
  orderId,
  type Policy,
  policyHash,
  type Secret,
  type SigningKey,
  specHash,
  type Terms,
  utf8,
} from '@allod/protocol'
import type { Attester } from '../attest/gatherEvidence.ts'
import { type EnclaveKeys, newEnclaveKeys } from '../attest/newEnclaveKeys.ts'
import { memoryStore } from './memoryStore.ts'

export const hex32 = (fill: number): Hex => `0x${fill.toString(16).padStart(2, '0').repeat(32)}`
export const hex20 = (fill: number): Hex => `0x${fill.toString(16).padStart(2, '0').repeat(20)}`

/** When the tests' orders start, Unix seconds. */
export const STARTED_AT = 1_800_000_000
export const CHAIN_ID = '31337'
const NO_ROYALTY = { bps: 0, floorPerSecond: '0', floorPerOrder: '0' } as const

/** A keeper as tests play it. */
export type KeeperKeys = { readonly id: Hex; readonly signing: SigningKey; readonly hpke: HpkeKey }

/** An order on one sealed input, with everybody's keys. */
export type TestOrder = {
  readonly job: JobDocument
  readonly keys: EnclaveKeys
  /** In the committee's order. */
  readonly keepers: readonly KeeperKeys[]
  readonly logs: HpkeKey
  readonly owner: SigningKey
  readonly manifest: Manifest
  readonly objectId: Hex
  /** The model's key, as its owner has it. */
  readonly dek: Secret
  readonly facts: Facts
  readonly terms: Terms
  readonly policy: Policy
  /** The spec's stores, which hold the model and, where a test brings one, the engine. */
  readonly stores: readonly Store[]
}

/** What a test wants different, each before whatever depends on it is made. */
export type Draft = {
  readonly kind?: JobSpec['kind']
  readonly policy?: (policy: Policy) => Policy
  readonly spec?: (spec: JobSpec) => JobSpec
  /** An engine's program, to be fetched from the stores. */
  readonly engine?: string
  /** What the model is: no archive, as most tests need none, or a folder that opens. */
  readonly model?: 'stream' | 'folder'
}

/** Evidence that says nothing: no test here judges it. */
export const attester: Attester = {
  cpuEvidence: async () => ({ kind: 'simulated', evidence: '', endorsements: [] }),
  deviceEvidence: async () => [],
}

const policyOf = (owner: Hex, committee: Hex): Policy => ({
  version: 1,
  owner,
  committee,
  purposes: ['finetune', 'run', 'serve'],
  engines: { kind: 'any' },
  builds: { kind: 'registry', noticeSeconds: 60 },
  tee: { trust: 'simulated', root: hex32(0xf0), minimumTcb: 0, gpu: 'none' },
  providers: { kind: 'any' },
  machines: { kind: 'any' },
  buyers: { kind: 'any' },
  export: { adapter: 'buyer', full: 'buyer', data: 'buyer' },
  outputs: { maxBytes: 1 << 20, metrics: ['step'], logs: [], maxMemorisation: null },
  serving: { logprobs: false, embeddings: false, tokensPerClientPerDay: 1000, bytesPerClientPerDay: 1 << 20 },
  lease: { ttlSeconds: 600, graceSeconds: 1800 },
  royalties: { self: NO_ROYALTY, inherited: {} },
  lineage: [],
})

async function newKeepers(): Promise<{ readonly committee: Committee; readonly keepers: readonly KeeperKeys[] }> {
  const keepers = await Promise.all(
    [1, 2, 3].map(async () => {
      const [signing, hpke] = [newSigningKey(), await newHpkeKey()]
      return { id: keeperId({ hpkeKey: hpke.publicKey, address: signing.address }), signing, hpke }
    }),
  )
  const members = keepers.map((k) => ({ hpkeKey: k.hpke.publicKey, address: k.signing.address }))
  return { committee: newCommittee(2, members), keepers: keepers.sort((a, b) => (a.id < b.id ? -1 : 1)) }
}

/** A folder of one file. */
const folderOf = (path: string, text: string) => ({
  files: [{ path, sizeBytes: utf8(text).length, isExecutable: false }],
  read: async function* () {
    yield utf8(text)
  },
})

function seal(
  policy: Policy,
  committee: Committee,
  { owner: signer, stores, model }: { owner: SigningKey; stores: readonly Store[]; model: Draft['model'] },
) {
  const options = {
    ...{ policy, committee, signer, chainId: BigInt(CHAIN_ID), assets: hex20(0xa2), chunkLog2: 16, stores },
  }
  if (model === 'folder') return sealFolder(folderOf('weights', 'a model'), options)
  return sealStream(async function* () {
    yield utf8('a model')
  }, options)
}

/** An order that two of three keepers decide on. */
export async function newOrder({
  kind = 'finetune',
  policy: change = (p) => p,
  spec: respec = (s) => s,
  ...draft
}: Draft = {}) {
  const { committee, keepers } = await newKeepers()
  const [owner, logs, keys] = [newSigningKey(), await newHpkeKey(), await newEnclaveKeys()]
  const policy = change(policyOf(owner.address, committeeId(committee)))
  const stores = [memoryStore(), memoryStore()]
  const { manifest, objectId, dek } = await seal(policy, committee, { owner, stores, model: draft.model })
  const program = draft.engine === undefined ? null : folderOf(`${kind}.mjs`, draft.engine)
  const digest = program === null ? hex32(0xe1) : (await publishTree(program, stores)).treeHash
  const names = { objectId, manifestHash: manifestHash(manifest) }
  const spec = respec({
    ...{ version: 1, kind, build: hex32(0xb1), committee: committeeId(committee), salt: hex32(0x5a) },
    inputs: { model: { kind: 'object', ...names } },
    engine: { digest, parameters: { method: 'lora' }, seed: 1 },
    limits: { memoryBytes: 1 << 29, seconds: 60, outputBytes: 1 << 20 },
    stores: stores.map(({ id }, i) => ({ address: id, url: `http://store-${i}.example` })),
    recipients: { results: logs.publicKey, logs: logs.publicKey },
    serve: kind === 'serve' ? { tokenIssuer: owner.address, requestsPerMinute: 3 } : null,
    derived: { royalty: NO_ROYALTY },
  })
  const job = newJob(spec, committee, owner.address, manifest, objectId)
  const { order, generation, terms } = job
  const facts: Facts = {
    ...{ version: 1, chainId: CHAIN_ID, market: terms.market, assets: hex20(0xa2), order, generation, offers: [] },
    ...{ enclave: keys.signing.address, buyer: terms.buyer, provider: hex20(0xbb), specHash: terms.specHash },
    ...{ committee: spec.committee, seconds: 600, startedAt: STARTED_AT, endsAt: STARTED_AT + 600 },
    objects: [{ input: 'model', ...names, owner: owner.address, policyHash: policyHash(policy) }],
  }
  const sealed = { manifest, objectId, dek }
  const made: TestOrder = { ...sealed, job, keys, keepers, logs, owner, facts, terms: policy, policy, stores }
  return made
}

function newJob(spec: JobSpec, committee: Committee, owner: Hex, manifest: Manifest, objectId: Hex): JobDocument {
  const lane = { owner, payee: owner, capacity: 1, maxRuns: 0, perSecond: '1000', perOrder: '5' }
  const offer = {
    ...{ owner, payee: owner, token: hex20(0xa5), kind: 1 as const, subject: hex32(0xf1) },
    ...{ manifestHash: hex32(0), policyHash: hex32(0), committee: hex32(0), terms: hex32(0) },
    ...{ perSecond: '1000', perOrder: '5', minSeconds: 1, maxSeconds: 3600, capacity: 1, maxRuns: 0 },
    ...{ expiry: STARTED_AT + 3600, epoch: 0, salt: hex32(1) },
  }
  const terms = {
    ...{ chainId: CHAIN_ID, market: hex20(0xa1), buyer: hex20(0xb0), salt: hex32(0x0d), seconds: 600 },
    ...{
      offers: [offer, { ...offer, kind: 2 as const, subject: objectId }],
      lanes: [lane, lane],
      specHash: specHash(spec),
    },
  }
  return { order: orderId(terms), generation: 1, terms, spec, committee, manifests: { model: manifest as Json } }
}
