import {
  AllodError,
  type Envelope,
  envelopeHash,
  envelopeShape,
  fromBase64Url,
  type Hex,
  isAllodError,
  openEnvelope,
  parseCanonical,
  type ReportStatement,
  reportStatementShape,
} from '@allod/protocol'
import { fail } from '../errors.ts'
import type { ProofCheck } from '../verify/proofCheck.ts'
import { hardwareTrust, type Trust } from '../verify/trust.ts'
import { chainChecks, type RecordedView, unreadChain } from './chainChecks.ts'
import { evidenceChecks } from './evidenceChecks.ts'
import { storageChecks } from './storageChecks.ts'
import { witnesses } from './witnesses.ts'

/**
 * `valid-then`: every check passes. `revoked-since`: it was valid, and its build has been revoked by now. `unknown`: nothing
 * speaks against it, but something could not be checked here.
 */
export type ReportVerdict = {
  readonly verdict: 'valid-then' | 'revoked-since' | 'unknown'
  /** Hash of the report, as the chain names it. */
  readonly hash: Hex
  readonly statement: ReportStatement
  readonly checks: readonly ProofCheck[]
  /** False where the chip was simulated: no secret was kept from the machine's owner. */
  readonly isHardware: boolean
}

/** Largest report file read, in bytes. */
export const MAX_REPORT_BYTES = 8 << 20

/**
 * Checks a report from its file: signature, attestation at the time, votes, facts, consistency, and with a view of the chain
 * what was recorded there.
 * @param options.view the chain; null leaves what only it knows unknown
 * @throws report/signature-mismatch naming the changed field where a second witness disagrees, sdk/report-refused,
 * protocol/bad-shape
 */
export async function verifyReport(
  file: unknown,
  { trust = hardwareTrust, view = null }: { readonly trust?: Trust; readonly view?: RecordedView | null } = {},
): Promise<ReportVerdict> {
  const envelope = envelopeShape(file)
  const statement = await requireSigned(envelope, view)
  const hash = envelopeHash(envelope)
  const { predicate } = statement
  const onChain = view === null ? { checks: unreadChain(), isRevoked: false } : await chainChecks(view, predicate, hash)
  const checks = [
    ...(await evidenceChecks(predicate, trust)),
    ...witnesses(statement),
    ...storageChecks(predicate),
    ...onChain.checks,
  ]
  const failed = checks.filter((c) => c.result === 'fail')
  const [first] = failed
  if (first !== undefined)
    throw fail('report-refused', {
      expected: first.expected,
      actual: first.actual,
      meta: { check: first.name, refused: failed.map((c) => c.name), hash },
    })
  const isKnown = checks.every((c) => c.result === 'pass')
  return {
    verdict: !isKnown ? 'unknown' : onChain.isRevoked ? 'revoked-since' : 'valid-then',
    hash,
    statement,
    checks,
    isHardware: trust.isHardware,
  }
}

/** The statement of an envelope, signed by the enclave that it names. */
async function requireSigned(envelope: Envelope, view: RecordedView | null): Promise<ReportStatement> {
  const statement = reportStatementShape(parseCanonical(fromBase64Url(envelope.payload), 4 << 20))
  try {
    openEnvelope(envelope, statement.predicate.enclave)
    return statement
  } catch (cause) {
    if (!isAllodError(cause, 'report/signature-mismatch')) throw cause
    // The signature says only that something was changed. What was, a second witness may know.
    const inside = witnesses(statement)
    const outside = view === null ? [] : (await chainChecks(view, statement.predicate, envelopeHash(envelope))).checks
    const disagree = [...inside, ...outside].filter((c) => c.result === 'fail')
    const [first] = disagree
    const meta = {
      ...cause.meta,
      field: first?.name ?? 'unknown',
      witnesses: disagree.map(({ name, expected, actual }) => ({ name, expected, actual })),
    }
    throw new AllodError(cause.code, cause.message, cause.hint, { cause, meta })
  }
}
