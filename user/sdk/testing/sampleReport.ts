import { type EvidenceBundle, evidenceHash } from '@allod/attestation'
import {
  endorse,
  newSimulatedSecret,
  type SimulatedKey,
  signReport,
  simulatedKey,
  simulatedMeasurement,
  simulatedRoot,
} from '@allod/attestation/simulated'
import { signStorageReceipt } from '@allod/content'
import {
  allodDomain,
  ascending,
  type BoundFacts,
  type Committee,
  committeeId,
  devicesHash,
  type EnclaveAttested,
  type Envelope,
  enclaveAttestedType,
  type Facts,
  factsHash,
  fromHex,
  grantKeyHash,
  type Hex,
  type JobSpec,
  type Json,
  keeperId,
  newCommittee,
  newSigningKey,
  type Offer,
  type OrderTerms,
  offerHash,
  orderId,
  type ReportPredicate,
  reportData,
  reportStatement,
  type SigningKey,
  signDigest,
  signEnvelope,
  specHash,
  toBase64Url,
  typedDigest,
} from '@allod/protocol'

/** A value of `sizeBytes` made of one byte. */
export const fill = (sizeBytes: number, byte: number): Hex =>
  `0x${byte.toString(16).padStart(2, '0').repeat(sizeBytes)}`

const STARTED = 1_800_000_000
const ZERO = fill(32, 0)

/** What a report is over: an order, and everybody who signs in it. */
export type ReportParts = {
  readonly terms: OrderTerms
  readonly spec: JobSpec
  readonly committee: Committee
  /** Those who vote and state facts. */
  readonly voters: readonly SigningKey[]
  readonly enclave: SigningKey
  readonly root: SimulatedKey
  readonly chip: SimulatedKey
  readonly outputs: ReportPredicate['outputs']
  readonly storage: ReportPredicate['storage']
}

/** A whole order's worth of keys and a report over it, signed as an enclave on a simulated chip signs. */
export async function sampleReport() {
  const [root, chip] = [await newSimulatedKey(), await newSimulatedKey()]
  const [enclave, provider] = [newSigningKey(), newSigningKey()]
  const rest = Array.from({ length: 5 }, () => newSigningKey())
  const keepers = rest.slice(0, 3)
  const stores = rest.slice(3, 5)
  const committee = newCommittee(
    2,
    keepers.map((k, i) => ({ hpkeKey: fill(1216, i + 1), address: k.address })),
  )
  const spec = sampleSpec(committeeId(committee), stores)
  const terms = sampleTerms(provider.address, specHash(spec))
  const manifestHash = fill(32, 70)
  const predicate = await reportOver({
    terms,
    spec,
    committee,
    voters: keepers.slice(0, 2),
    enclave,
    root,
    chip,
    outputs: [{ name: 'adapter', objectId: fill(32, 71), manifestHash, policyHash: fill(32, 72), owner: terms.buyer }],
    storage: stores.map((k) => signStorageReceipt(k, { digest: manifestHash, sizeBytes: 5000, time: STARTED + 299 })),
  })
  return { predicate, enclave, root: simulatedRoot(root.publicKey), envelope: seal(enclave, predicate) }
}

/** A report's predicate over an order: evidence, votes and facts by whoever was given. */
export async function reportOver(parts: ReportParts): Promise<ReportPredicate> {
  const { terms, spec, committee, voters, enclave, outputs, storage } = parts
  const order = orderId(terms)
  const grantKey = fill(1216, 40)
  const bound: BoundFacts = {
    role: 'grant',
    nonces: committee.members.map((m, i) => ({ id: keeperId(m), nonce: fill(32, 50 + i) })),
    hpkeKey: grantKey,
    signingAddress: enclave.address,
    tlsSpkiHash: null,
    devicesHash: devicesHash([]),
    buildDigest: spec.build,
    specHash: specHash(spec),
    chainId: terms.chainId,
    market: terms.market,
    order,
    generation: 1,
  }
  const evidence = await sampleEvidence(parts.root, parts.chip, bound)
  const vote: EnclaveAttested = {
    order,
    generation: 1,
    enclave: enclave.address,
    grantKeyHash: grantKeyHash(grantKey),
    build: spec.build,
    evidenceHash: evidenceHash(evidence),
    committee: spec.committee,
    validUntil: STARTED + 600,
  }
  const digest = typedDigest(allodDomain(BigInt(terms.chainId), terms.market), enclaveAttestedType, vote)
  const facts = sampleFacts(bound, terms, spec, terms.offers[0]?.owner ?? fill(20, 1))
  return {
    version: 1,
    order,
    generation: 1,
    enclave: enclave.address,
    terms,
    spec,
    build: spec.build,
    datasetSizeClass: 20,
    metrics: { loss: '1.25', steps: '300' },
    leakage: null,
    startedAt: STARTED,
    endedAt: STARTED + 300,
    evidence: evidence as Json,
    committee,
    vote,
    votes: ascending(voters.map((k) => ({ signer: k.address, signature: signDigest(k, digest) }))),
    facts: voters.map((k) => signFacts(k, facts)),
    outputs,
    storage,
  }
}

/** Signs a predicate as a report. */
export const seal = (enclave: SigningKey, predicate: ReportPredicate): Envelope =>
  signEnvelope(enclave, reportStatement(predicate) as Json)

function sampleSpec(committee: Hex, stores: readonly SigningKey[]): JobSpec {
  return {
    version: 1,
    kind: 'finetune',
    inputs: {
      model: { kind: 'object', objectId: fill(32, 20), manifestHash: fill(32, 21) },
      data: { kind: 'object', objectId: fill(32, 22), manifestHash: fill(32, 23) },
    },
    engine: { digest: fill(32, 24), parameters: { rank: 8 }, seed: 1 },
    build: fill(32, 25),
    limits: { memoryBytes: 1 << 30, seconds: 600, outputBytes: 1 << 26 },
    committee,
    stores: stores.map((k, i) => ({ address: k.address, url: `http://127.0.0.1:${9000 + i}` })),
    recipients: { results: fill(1216, 26), logs: fill(1216, 27) },
    serve: null,
    derived: { royalty: { bps: 0, floorPerSecond: '0', floorPerOrder: '0' } },
    salt: fill(32, 28),
  }
}

function sampleTerms(provider: Hex, spec: Hex): OrderTerms {
  const offer: Offer = {
    owner: provider,
    payee: provider,
    token: fill(20, 1),
    kind: 1,
    subject: fill(32, 2),
    manifestHash: ZERO,
    policyHash: ZERO,
    committee: ZERO,
    terms: ZERO,
    perSecond: '1000000000000',
    perOrder: '0',
    minSeconds: 1,
    maxSeconds: 86_400,
    capacity: 0,
    maxRuns: 0,
    expiry: STARTED + 86_400,
    epoch: 0,
    salt: fill(32, 3),
  }
  return {
    chainId: '31337',
    market: fill(20, 9),
    buyer: fill(20, 10),
    salt: fill(32, 11),
    offers: [offer],
    lanes: [
      {
        owner: provider,
        payee: provider,
        capacity: 0,
        maxRuns: 0,
        perSecond: offer.perSecond,
        perOrder: offer.perOrder,
      },
    ],
    specHash: spec,
    seconds: 600,
  }
}

function sampleFacts(bound: BoundFacts, terms: OrderTerms, spec: JobSpec, provider: Hex): Facts {
  return {
    version: 1,
    chainId: terms.chainId,
    market: terms.market,
    assets: fill(20, 8),
    order: bound.order,
    generation: 1,
    enclave: bound.signingAddress,
    buyer: terms.buyer,
    provider,
    specHash: terms.specHash,
    committee: spec.committee,
    offers: terms.offers.map(offerHash),
    objects: Object.entries(spec.inputs).flatMap(([input, o]) =>
      o.kind === 'object'
        ? [{ input, objectId: o.objectId, owner: fill(20, 13), policyHash: fill(32, 14), manifestHash: o.manifestHash }]
        : [],
    ),
    seconds: terms.seconds,
    startedAt: STARTED,
    endsAt: STARTED + terms.seconds,
  }
}

function signFacts(key: SigningKey, facts: Facts) {
  const block = { number: '12', hash: fill(32, 15), time: STARTED }
  const signature = signDigest(key, fromHex(factsHash(facts, block), 32))
  return { facts, block, by: { signer: key.address, signature } }
}

/** A fresh key of the simulated world. */
export const newSimulatedKey = async (): Promise<SimulatedKey> => simulatedKey(await newSimulatedSecret())

/** The id of a simulated root, as network descriptions name it. */
export const sampleRoot = (root: SimulatedKey): Hex => simulatedRoot(root.publicKey)

/** Evidence by a simulated chip under `root` that binds the facts given. */
export async function sampleEvidence(
  root: SimulatedKey,
  chip: SimulatedKey,
  bound: BoundFacts,
): Promise<EvidenceBundle> {
  const chipId = fill(32, 30)
  const report = await signReport(chip, {
    isDebug: false,
    isIsolated: true,
    tcb: 3,
    generation: 1n,
    chipId,
    launchId: fill(16, 31),
    measurement: simulatedMeasurement(bound.buildDigest),
    configHash: fill(32, 32),
    reportData: `0x${Buffer.from(reportData(bound)).toString('hex')}`,
  })
  const endorsement = await endorse(root, {
    subject: 'simulated-chip',
    id: chipId,
    key: chip.publicKey,
    level: 3,
    notBefore: 1_700_000_000,
    notAfter: 1_900_000_000,
  })
  return {
    version: 1,
    cpu: { kind: 'simulated', evidence: toBase64Url(report), endorsements: [toBase64Url(endorsement)] },
    devices: [],
    bound,
  }
}
