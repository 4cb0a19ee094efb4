import type { Hex } from './bytes.ts'
import { documentHash } from './canonical.ts'
import {
  amount,
  dictionary,
  flag,
  hex,
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

/** What a royalty's holder is owed by every order on a derived object: max(bps of gross price, floors). */
export const royaltyShape = record({
  /** Basis points of gross price. */
  bps: integer(0, 5000),
  /** 1e-12 token units per second. */
  floorPerSecond: amount(128),
  /** Token units per order. */
  floorPerOrder: amount(128),
})
export type Royalty = Shaped<typeof royaltyShape>

const anyOrList = <T>(item: Shape<T>, max: number) =>
  tagged('kind', {
    any: record({ kind: oneOf('any') }),
    list: record({ kind: oneOf('list'), list: list(item, max, 1) }),
  })

const whoOrWhat = (sizeBytes: number) =>
  tagged('kind', {
    any: record({ kind: oneOf('any') }),
    registered: record({ kind: oneOf('registered') }),
    list: record({ kind: oneOf('list'), list: list(hex(sizeBytes), 64, 1) }),
  })

const gpu = oneOf('none', 'required')

/**
 * Which machines may open the object. The hardware clause has no field that could admit a simulated chip; the simulated
 * one names the root it trusts, and no bundle made for production can read it.
 */
const teeShape = tagged('trust', {
  hardware: record({
    trust: oneOf('hardware'),
    kinds: list(oneOf('tdx', 'sevsnp'), 2, 1),
    /** Lowest TCB evaluation number (tdx) or reported TCB (sevsnp) accepted. */
    minimumTcb: integer(),
    gpu,
  }),
  simulated: record({ trust: oneOf('simulated'), root: hex(32), minimumTcb: integer(), gpu }),
})

const release = oneOf('never', 'buyer')

/** A policy as part of an object's identity; it cannot be loosened, only narrowed by an offer's terms. */
export const policyShape = record({
  version: oneOf(1),
  owner: hex(20),
  committee: hex(32),
  purposes: list(oneOf('finetune', 'serve', 'run'), 3, 1),
  engines: anyOrList(hex(32), 64),
  builds: tagged('kind', {
    registry: record({ kind: oneOf('registry'), noticeSeconds: integer(0, 31_536_000) }),
    pinned: record({ kind: oneOf('pinned'), list: list(hex(32), 64, 1) }),
  }),
  tee: teeShape,
  providers: whoOrWhat(20),
  machines: whoOrWhat(32),
  buyers: anyOrList(hex(20), 256),
  export: record({ adapter: release, full: release, data: release }),
  outputs: record({
    maxBytes: integer(0, 2 ** 40),
    metrics: list(text(32, /^[a-zA-Z]+$/), 32),
    logs: list(text(32, /^[a-zA-Z]+$/), 32),
    /** Largest share of sampled training rows that may be repeated verbatim, per mille; null = no limit. */
    maxMemorisation: nullable(integer(0, 1000)),
  }),
  serving: record({
    logprobs: flag,
    embeddings: flag,
    tokensPerClientPerDay: integer(),
    bytesPerClientPerDay: integer(),
  }),
  lease: record({ ttlSeconds: integer(2, 86_400), graceSeconds: integer(0, 86_400) }),
  royalties: record({ self: royaltyShape, inherited: dictionary(royaltyShape, 4, /^0x[0-9a-f]{64}$/) }),
  lineage: list(hex(32), 8),
})

export type Policy = Shaped<typeof policyShape>

/** SHA-256 of the policy's canonical bytes: a part of the object's id. */
export const policyHash = (policy: Policy): Hex => documentHash('allod/policy/v1', policyShape(policy))
