import type { Hex } from '../bytes.ts'
import type { JobSpec } from '../jobSpec.ts'
import type { Offer } from '../offer.ts'
import type { OrderTerms } from '../order.ts'
import type { Policy } from '../policy.ts'

/** `0x` and one byte repeated. */
export const fill = (sizeBytes: number, byte: number): Hex =>
  `0x${byte.toString(16).padStart(2, '0').repeat(sizeBytes)}`

export const samplePolicy: Policy = {
  version: 1,
  owner: fill(20, 1),
  committee: fill(32, 2),
  purposes: ['finetune', 'serve'],
  engines: { kind: 'any' },
  builds: { kind: 'registry', noticeSeconds: 0 },
  tee: { trust: 'hardware', kinds: ['sevsnp', 'tdx'], minimumTcb: 3, gpu: 'none' },
  providers: { kind: 'registered' },
  machines: { kind: 'registered' },
  buyers: { kind: 'any' },
  export: { adapter: 'never', full: 'never', data: 'never' },
  outputs: { maxBytes: 1 << 30, metrics: ['loss', 'step'], logs: [], maxMemorisation: null },
  serving: { logprobs: true, embeddings: false, tokensPerClientPerDay: 100_000, bytesPerClientPerDay: 1_000_000 },
  lease: { ttlSeconds: 600, graceSeconds: 1800 },
  royalties: { self: { bps: 1000, floorPerSecond: '5', floorPerOrder: '7' }, inherited: {} },
  lineage: [],
}

export const sampleOffer: Offer = {
  owner: fill(20, 1),
  payee: fill(20, 3),
  token: fill(20, 4),
  kind: 2,
  subject: fill(32, 5),
  manifestHash: fill(32, 6),
  policyHash: fill(32, 7),
  committee: fill(32, 2),
  terms: fill(32, 0),
  perSecond: '340282366920938463463374607431768211455',
  perOrder: '1000000',
  minSeconds: 60,
  maxSeconds: 86_400,
  capacity: 2,
  maxRuns: 10,
  expiry: 1_900_000_000,
  epoch: 0,
  salt: fill(32, 8),
}

export const sampleTerms: OrderTerms = {
  chainId: '31337',
  market: fill(20, 9),
  buyer: fill(20, 10),
  salt: fill(32, 11),
  offers: [sampleOffer],
  lanes: [{ owner: fill(20, 1), payee: fill(20, 3), capacity: 2, maxRuns: 10, perSecond: '5', perOrder: '7' }],
  specHash: fill(32, 13),
  seconds: 600,
}

export const sampleSpec: JobSpec = {
  version: 1,
  kind: 'finetune',
  inputs: {
    model: { kind: 'object', objectId: fill(32, 5), manifestHash: fill(32, 6) },
    dataset: { kind: 'public', treeHash: fill(32, 14) },
  },
  engine: { digest: fill(32, 15), parameters: { learningRate: '0.0003', rank: 8 }, seed: 1 },
  build: fill(32, 16),
  limits: { memoryBytes: 1 << 30, seconds: 600, outputBytes: 1 << 20 },
  committee: fill(32, 2),
  stores: [
    { address: fill(20, 17), url: 'http://127.0.0.1:1' },
    { address: fill(20, 18), url: 'http://127.0.0.1:2' },
  ],
  recipients: { results: fill(1216, 19), logs: fill(1216, 20) },
  serve: null,
  derived: { royalty: { bps: 0, floorPerSecond: '0', floorPerOrder: '0' } },
  salt: fill(32, 21),
}
