import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OrderOnChain } from '@allod/chain'
import {
  type BeatRequest,
  type Committee,
  committeeId,
  type Hex,
  type JobSpec,
  newSigningKey,
  orderId,
  type ReportRequest,
  type StartRequest,
  specHash,
} from '@allod/protocol'
import type { ChainPort } from '../ChainPort.ts'
import type { OrderJob } from '../orders/OrderFile.ts'

/** `0x` and one byte repeated. */
export const fill = (sizeBytes: number, byte: number): Hex =>
  `0x${byte.toString(16).padStart(2, '0').repeat(sizeBytes)}`

export const providerKey = newSigningKey(new Uint8Array(32).fill(7))
export const account = fill(20, 1)
export const build = fill(32, 2)
export const committee: Committee = { t: 1, members: [{ hpkeKey: fill(1216, 3), address: fill(20, 4) }] }

const spec: JobSpec = {
  version: 1,
  kind: 'finetune',
  inputs: { dataset: { kind: 'public', treeHash: fill(32, 5) } },
  engine: { digest: fill(32, 6), parameters: {}, seed: 1 },
  build,
  limits: { memoryBytes: 1 << 20, seconds: 600, outputBytes: 1 << 20 },
  committee: committeeId(committee),
  stores: [
    { address: fill(20, 16), url: 'http://127.0.0.1:1' },
    { address: fill(20, 17), url: 'http://127.0.0.1:2' },
  ],
  recipients: { results: fill(1216, 7), logs: fill(1216, 8) },
  serve: null,
  derived: { royalty: { bps: 0, floorPerSecond: '0', floorPerOrder: '0' } },
  salt: fill(32, 9),
}

/** A job whose order, terms and spec fit together. */
export function sampleJob({
  owner = account,
  salt = fill(32, 10),
  change = {},
}: {
  readonly owner?: Hex
  readonly salt?: Hex
  readonly change?: Partial<JobSpec>
} = {}): OrderJob {
  const changed = { ...spec, ...change }
  const lane = { owner, payee: owner, capacity: 1, maxRuns: 0, perSecond: '5', perOrder: '7' }
  const terms = {
    chainId: '31337',
    market: fill(20, 11),
    buyer: fill(20, 12),
    salt,
    offers: [
      {
        owner,
        payee: owner,
        token: fill(20, 13),
        kind: 1 as const,
        subject: fill(32, 14),
        manifestHash: fill(32, 0),
        policyHash: fill(32, 0),
        committee: fill(32, 0),
        terms: fill(32, 0),
        perSecond: '5',
        perOrder: '7',
        minSeconds: 60,
        maxSeconds: 86_400,
        capacity: 1,
        maxRuns: 0,
        expiry: 1_900_000_000,
        epoch: 0,
        salt: fill(32, 15),
      },
    ],
    lanes: [lane],
    specHash: specHash(changed),
    seconds: 600,
  }
  return { order: orderId(terms), terms, spec: changed, committee, manifests: {} }
}

/** An order on chain that may still start. */
export const onChain = (change: Partial<OrderOnChain> = {}): OrderOnChain => ({
  order: fill(32, 0),
  state: 'open',
  job: null,
  isVested: false,
  isFailed: false,
  isReported: false,
  reported: fill(32, 0),
  committee: fill(32, 0),
  seconds: 600,
  startBy: Date.now() / 1000 + 600,
  startedAt: 0,
  endsAt: 0,
  endedAt: 0,
  enclave: fill(20, 0),
  generation: 0,
  signers: 0,
  attestedSeconds: 0,
  attestedUpTo: 0,
  escrow: 0n,
  createdBlock: 1n,
  ...change,
})

/** A chain that takes every write, remembers its name, and does what `on` says for it. */
export function recordingChain(on: Partial<ChainPort> = {}): { readonly chain: ChainPort; readonly writes: string[] } {
  const writes: string[] = []
  const write = <K extends keyof ChainPort>(name: K): ChainPort[K] =>
    (async (...args: unknown[]) => {
      await (on[name] as ((...args: unknown[]) => Promise<void>) | undefined)?.(...args)
      writes.push(name)
    }) as ChainPort[K]
  const chain: ChainPort = {
    start: write('start'),
    rebind: write('rebind'),
    beat: write('beat'),
    report: write('report'),
    fail: write('fail'),
    end: write('end'),
  }
  return { chain, writes }
}

const signatures = [{ signer: fill(20, 1), signature: fill(65, 2) }]

/** Votes for an enclave, as it hands them to its host. */
export const sampleStart = (generation: number): StartRequest => ({
  vote: {
    order: sampleJob().order,
    generation,
    enclave: fill(20, 3),
    grantKeyHash: fill(32, 4),
    build: fill(32, 5),
    evidenceHash: fill(32, 6),
    committee: fill(32, 7),
    validUntil: 1_800_000_000,
  },
  signatures,
})

/** Attested time as keepers sign it. */
export const sampleBeat = (from: number, upTo: number): BeatRequest => ({
  alive: { order: sampleJob().order, generation: 1, from, upTo },
  signatures,
})

/** A signed report of generation 1. */
export const sampleReport = (): ReportRequest => ({
  envelope: {
    payloadType: 'application/vnd.in-toto+json',
    payload: 'e30',
    signatures: [{ keyid: fill(20, 5), sig: fill(65, 6) }],
  },
  reported: { order: sampleJob().order, generation: 1, reportHash: fill(32, 3), lineage: fill(32, 4) },
  signature: fill(65, 2),
  derived: null,
  manifests: {},
})

/** A folder that goes with the test. */
export function scratch(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'allod-provider-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
