import { errorsOf } from './AllodError.ts'
import type { Hex } from './bytes.ts'
import { documentHash } from './canonical.ts'
import { royaltyShape } from './policy.ts'
import {
  dictionary,
  hex,
  hexUpTo,
  integer,
  list,
  nullable,
  oneOf,
  record,
  type Shape,
  type Shaped,
  tagged,
  text,
} from './shape.ts'

const fail = errorsOf('protocol', {
  'spec-mismatch': ['a job spec is not the one the order names', 'send the spec whose hash the order carries'],
})

/** A store by the key that signs its receipts; `url` is where the buyer reaches it: a provider dials its own address of it. */
export const storeRefShape = record({ address: hex(20), url: text(200, /^https?:\/\/[^\s]+$/) })
export type StoreRef = Shaped<typeof storeRefShape>

/** Engine parameters are words, not numbers with fractions: a learning rate is written "0.0003". */
const parameter: Shape<string | number | boolean> = (v, path) =>
  typeof v === 'boolean' ? v : typeof v === 'number' ? integer(-Number.MAX_SAFE_INTEGER)(v, path) : text(4096)(v, path)

const input = tagged('kind', {
  object: record({ kind: oneOf('object'), objectId: hex(32), manifestHash: hex(32) }),
  public: record({ kind: oneOf('public'), treeHash: hex(32) }),
})

/** What an order runs; hashed into it, secret-free, never on chain itself. */
export const jobSpecShape = record({
  version: oneOf(1),
  kind: oneOf('finetune', 'serve', 'run'),
  inputs: dictionary(input, 8, /^[a-z][a-z0-9-]{0,31}$/),
  engine: record({ digest: hex(32), parameters: dictionary(parameter, 64), seed: integer(0, 0xffffffff) }),
  build: hex(32),
  limits: record({ memoryBytes: integer(), seconds: integer(1, 31_536_000), outputBytes: integer() }),
  committee: hex(32),
  stores: list(storeRefShape, 8, 2),
  /** X-Wing public keys that results and logs are sealed to, the first by the keepers. */
  recipients: record({ results: hexUpTo(2048), logs: hexUpTo(2048) }),
  serve: nullable(record({ tokenIssuer: hex(20), requestsPerMinute: integer(1, 100_000) })),
  /** What the buyer will ask of things derived from this order's output. */
  derived: record({ royalty: royaltyShape }),
  salt: hex(32),
})
export type JobSpec = Shaped<typeof jobSpecShape>
export type JobInput = JobSpec['inputs'][string]

/**
 * Which export clause of a policy an order's output falls under. The spec is hashed into the order, so everybody sees the
 * same kind; the runtime refuses an output of another kind than this. Null for serve, which has no output.
 */
export function outputKindOf({ kind, engine }: JobSpec): 'adapter' | 'full' | 'data' | null {
  if (kind === 'serve') return null
  if (kind === 'run') return 'data'
  return engine.parameters.method === 'lora' ? 'adapter' : 'full'
}

/** The hash that goes into the order. */
export const specHash = (spec: JobSpec): Hex => documentHash('allod/spec/v1', jobSpecShape(spec))

/** Refuses a spec that is not the order's. @throws protocol/spec-mismatch */
export function requireSpec(spec: JobSpec, expected: Hex): void {
  const actual = specHash(spec)
  if (actual !== expected) throw fail('spec-mismatch', { expected, actual })
}
