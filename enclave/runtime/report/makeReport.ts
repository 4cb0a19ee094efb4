import {
  type Derived,
  type Envelope,
  envelopeHash,
  type Hex,
  type JobDocument,
  type Json,
  type ReportPredicate,
  reportStatement,
  reportStatementShape,
  type SigningKey,
  signEnvelope,
} from '@allod/protocol'
import type { Elected } from '../attest/collectVotes.ts'
import type { Grant } from '../grant/obtainGrant.ts'

/** What the job itself has to say. */
export type Outcome = Pick<
  ReportPredicate,
  'metrics' | 'leakage' | 'outputs' | 'storage' | 'startedAt' | 'endedAt' | 'datasetSizeClass'
> & {
  readonly derived: Derived | null
}

/** The signed report, and its hash as it goes on chain. */
export type SignedReport = { readonly envelope: Envelope; readonly reportHash: Hex }

/** Everything a stranger needs to check the order from a file, signed by the enclave. */
export function makeReport(
  key: SigningKey,
  job: JobDocument,
  elected: Elected,
  grant: Grant,
  outcome: Outcome,
): SignedReport {
  const { derived: _, ...said } = outcome
  const statement = reportStatement({
    version: 1,
    order: job.order,
    generation: job.generation,
    enclave: key.address,
    terms: job.terms,
    spec: job.spec,
    build: job.spec.build,
    ...said,
    evidence: elected.bundle as Json,
    committee: job.committee,
    vote: elected.vote,
    votes: elected.signatures,
    facts: grant.signedFacts,
  })
  const envelope = signEnvelope(key, reportStatementShape(statement) as Json)
  return { envelope, reportHash: envelopeHash(envelope) }
}
