import type { Hex } from './bytes.ts'
import { documentHash } from './canonical.ts'
import { hex, integer, oneOf, record, type Shaped, text } from './shape.ts'
import { signedByShape } from './votes.ts'

/** One entry of a keeper's hash-chained log. Two entries with one (keeper, boot, seq) prove that it lied. */
export const decisionShape = record({
  keeper: hex(32),
  boot: hex(16),
  seq: integer(),
  previous: hex(32),
  time: integer(),
  kind: oneOf('boot', 'vote', 'grant', 'renew', 'release', 'refuse'),
  order: hex(32),
  generation: integer(0, 0xffffffff),
  enclave: hex(20),
  /** Hash of what was decided on: evidence, facts, lease or manifest. */
  subject: hex(32),
  /** `ok`, or the code of the check that failed. */
  outcome: text(80, /^[a-z0-9-]+(\/[a-z0-9-]+)?$/),
})
export type Decision = Shaped<typeof decisionShape>

/** An entry as it stands in the log, signed over `decisionHash`. */
export const signedDecisionShape = record({ decision: decisionShape, by: signedByShape })
export type SignedDecision = Shaped<typeof signedDecisionShape>

/** The hash that is signed, and that the next entry names as `previous`. */
export const decisionHash = (decision: Decision): Hex => documentHash('allod/decision/v1', decision)
