import { committeeId, type JobDocument, jobDocumentShape, requireSpec, requireTerms } from '@allod/protocol'
import { fail } from '../errors.ts'
import { ask, type HostLink } from '../HostLink.ts'

/**
 * What the host says this enclave is for, checked against itself: terms hash to the order, spec and committee to the
 * terms. Whether it is true, keepers say.
 * @throws runtime/job-inconsistent, protocol/order-terms-mismatch, protocol/spec-mismatch
 */
export async function fetchJob(host: HostLink): Promise<JobDocument> {
  const job = await ask(host, 'provider', '/job', null, jobDocumentShape)
  requireTerms(job.terms, job.order)
  requireSpec(job.spec, job.terms.specHash)
  const committee = committeeId(job.committee)
  if (committee !== job.spec.committee)
    throw fail('job-inconsistent', { expected: job.spec.committee, actual: committee, meta: { part: 'committee' } })
  return job
}
