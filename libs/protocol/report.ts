import { committeeShape } from './committee.ts'
import { jobSpecShape } from './jobSpec.ts'
import { signedFactsShape } from './keeperWire.ts'
import { orderTermsShape } from './order.ts'
import { anyJson, dictionary, hex, integer, list, nullable, oneOf, record, type Shaped, text } from './shape.ts'
import { enclaveAttestedShape, signedByShape } from './votes.ts'

/** What one store said it holds. */
export const storageReceiptShape = record({ digest: hex(32), sizeBytes: integer(), time: integer(), by: signedByShape })

/** An output as subject and predicate name it. */
export const reportOutputShape = record({
  name: text(32, /^[a-z][a-z0-9-]*$/),
  objectId: hex(32),
  manifestHash: hex(32),
  policyHash: hex(32),
  owner: hex(20),
})

/** Figures are decimal strings, as the engine measured them and the runtime re-serialised them. */
const figures = dictionary(text(40, /^-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?$|^[a-z-]+$/), 64)

/** The predicate of a report: everything a stranger needs to check an order from a file. */
export const reportPredicateShape = record({
  version: oneOf(1),
  order: hex(32),
  generation: integer(0, 0xffffffff),
  enclave: hex(20),
  terms: orderTermsShape,
  spec: jobSpecShape,
  build: hex(32),
  /** Power of two that bounds the dataset's padded size in bytes; null where there is none. */
  datasetSizeClass: nullable(integer(0, 60)),
  metrics: figures,
  leakage: nullable(figures),
  startedAt: integer(),
  endedAt: integer(),
  evidence: anyJson(),
  committee: committeeShape,
  vote: enclaveAttestedShape,
  votes: list(signedByShape, 16, 1),
  facts: list(signedFactsShape, 16, 1),
  outputs: list(reportOutputShape, 8),
  storage: list(storageReceiptShape, 64),
})
export type ReportPredicate = Shaped<typeof reportPredicateShape>

export const reportPredicateType = 'https://allod.dev/report/v1'

/** An in-toto Statement v1 whose subjects are the outputs, by object id. */
export const reportStatementShape = record({
  _type: oneOf('https://in-toto.io/Statement/v1'),
  subject: list(record({ name: text(32), digest: record({ sha256: text(64, /^[0-9a-f]{64}$/) }) }), 8),
  predicateType: oneOf(reportPredicateType),
  predicate: reportPredicateShape,
})
export type ReportStatement = Shaped<typeof reportStatementShape>

/** The statement of a predicate. */
export const reportStatement = (predicate: ReportPredicate): ReportStatement => ({
  _type: 'https://in-toto.io/Statement/v1',
  subject: predicate.outputs.map(({ name, objectId }) => ({ name, digest: { sha256: objectId.slice(2) } })),
  predicateType: reportPredicateType,
  predicate,
})
