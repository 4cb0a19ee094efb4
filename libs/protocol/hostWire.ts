import { committeeShape } from './committee.ts'
import { derivedShape } from './derived.ts'
import { envelopeShape } from './dsse.ts'
import { jobSpecShape } from './jobSpec.ts'
import { orderTermsShape } from './order.ts'
import {
  anyJson,
  dictionary,
  hex,
  hexUpTo,
  integer,
  list,
  nullable,
  oneOf,
  record,
  type Shaped,
  text,
} from './shape.ts'
import { aliveShape, enclaveAttestedShape, failedShape, launchShape, reportedShape, signedByShape } from './votes.ts'

/*
 * What an enclave and the host around it say to each other. Nothing here is believed: a lie in a job document yields
 * other hashes in the evidence, and keepers refuse.
 */

/** `GET /job`: what the host says it launched the enclave for. Relay names are `keeper-<i>` and `store-<i>`, in these lists' order. */
export const jobDocumentShape = record({
  order: hex(32),
  generation: integer(0, 0xffffffff),
  terms: orderTermsShape,
  spec: jobSpecShape,
  committee: committeeShape,
  manifests: dictionary(anyJson(), 8, /^[a-z][a-z0-9-]{0,31}$/),
})
export type JobDocument = Shaped<typeof jobDocumentShape>

/** `POST /launch`: the enclave's address; the provider answers with its signature over Launch. */
export const launchRequestShape = record({ enclave: hex(20) })
export const launchReplyShape = record({ message: launchShape, signature: hex(65) })

/** `POST /start`: t votes, for the chain. */
export const startRequestShape = record({ vote: enclaveAttestedShape, signatures: list(signedByShape, 16, 1) })
export type StartRequest = Shaped<typeof startRequestShape>

/** `POST /beat`: attested time, for the chain. */
export const beatRequestShape = record({ alive: aliveShape, signatures: list(signedByShape, 16, 1) })
export type BeatRequest = Shaped<typeof beatRequestShape>

/** `POST /report`: the signed report, and what it says on chain. `manifests`: output name → manifest. */
export const reportRequestShape = record({
  envelope: envelopeShape,
  reported: reportedShape,
  signature: hex(65),
  derived: nullable(derivedShape),
  manifests: dictionary(anyJson(), 8, /^[a-z][a-z0-9-]{0,31}$/),
})
export type ReportRequest = Shaped<typeof reportRequestShape>

/** `POST /checkpoint`, and the answer to `GET /checkpoint`: where the order's newest sealed checkpoint lies in its stores. */
export const checkpointRefShape = record({ digest: hex(32), sizeBytes: integer(1, 2 ** 28) })
export type CheckpointRef = Shaped<typeof checkpointRefShape>

/** `POST /ended`, which the host says to its enclave: when the order was ended on chain, Unix seconds. A claim. */
export const endedRequestShape = record({ endedAt: integer() })

const collateralPiece = text(1 << 20, /^[A-Za-z0-9_-]*$/)

/** `POST /collateral`: evidence of hardware and what came with it, base64url, for which the host asks the makers. */
export const collateralRequestShape = record({
  kind: oneOf('tdx', 'sevsnp', 'nvidia-gpu', 'nvidia-switch'),
  evidence: collateralPiece,
  endorsements: list(collateralPiece, 16),
})
export const collateralReplyShape = record({ endorsements: list(collateralPiece, 16) })

/** `POST /fail`: why the enclave gave up, for the chain, with the code that says it in words. */
export const failRequestShape = record({ failed: failedShape, signature: hex(65), code: text(80) })
export type FailRequest = Shaped<typeof failRequestShape>

/** Where an order stands, as its enclave tells it. */
export const phases = [
  'launched',
  'attested',
  'voted',
  'started',
  'granted',
  'opened',
  'running',
  'sealing',
  'reported',
  'serving',
  'paused',
  'failed',
  'ended',
] as const

/** A part of an event that only the enclave knows: where the order stands in the open, metrics sealed to the buyer's log key. */
export const guestEventShape = record({
  phase: nullable(oneOf(...phases)),
  detail: nullable(text(400)),
  sealed: nullable(record({ enc: hexUpTo(2048), ciphertext: hexUpTo(65_536) })),
})
export type GuestEvent = Shaped<typeof guestEventShape>

/** `POST /events`: what the enclave tells, in order. */
export const guestEventsShape = list(guestEventShape, 256)

/** An event as the host passes it on: numbered, and timed by its own clock (milliseconds; a claim). */
export const orderEventShape = record({
  order: hex(32),
  generation: integer(0, 0xffffffff),
  seq: integer(0, 0xffffffff),
  time: integer(),
  event: guestEventShape,
})
export type OrderEvent = Shaped<typeof orderEventShape>
