import type { BuildOnChain, OrderOnChain, View } from '@allod/chain'
import type { Hex, ReportPredicate } from '@allod/protocol'
import { equal, type ProofCheck, unknown } from '../verify/proofCheck.ts'

/** As much of a view of the chain as a report is held against; a dump of its logs has it too. */
export type RecordedView = Pick<View, 'orderEvents' | 'revocationOf'> & {
  readonly order: (order: Hex) => Promise<Pick<OrderOnChain, 'state' | 'startedAt'>>
  readonly build: (build: Hex) => Promise<BuildOnChain>
}

const NAMES = [
  ['chain-order', 'the order exists'],
  ['chain-enclave', 'the enclave that was recorded'],
  ['chain-build', 'the build that was recorded'],
  ['chain-evidence', 'the evidence that was recorded'],
  ['chain-report', 'the hash of this report'],
  ['chain-approved', 'a build approved at the start'],
] as const

/** What only the chain knows, where none was read. */
export const unreadChain = (): readonly ProofCheck[] =>
  NAMES.map(([name, expected]) => unknown(name, 'order', 'chain', expected))

/** Holds a report against what the chain recorded of its order. `isRevoked`: its build has been revoked by now. */
export async function chainChecks(
  view: RecordedView,
  { order, generation, enclave, build, vote }: ReportPredicate,
  hash: Hex,
): Promise<{ readonly checks: readonly ProofCheck[]; readonly isRevoked: boolean }> {
  const [state, record] = await Promise.all([view.order(order), view.build(build)])
  if (state.state === 'none')
    return { checks: [equal('chain-order', 'order', 'chain', 'an order', 'none')], isRevoked: false }
  const events = await view.orderEvents(order)
  const bound = events.find((e) => e.name === 'Bound' && Number(e.args.generation) === generation)
  const reported = events.find((e) => e.name === 'Reported')
  const said = (value: unknown): string => (typeof value === 'string' ? value.toLowerCase() : 'none')
  const revoked = record.isRevoked ? await view.revocationOf(build) : null
  // A build that was revoked before its enclave was recorded was never approved for it; later, it was valid then.
  const isRevokedBefore = record.isRevoked && (revoked === null || bound === undefined || revoked <= bound.block)
  const wasApproved = record.announcedAt !== 0 && record.from <= state.startedAt && !isRevokedBefore
  return {
    isRevoked: record.isRevoked,
    checks: [
      equal('chain-order', 'order', 'chain', 'an order', 'an order'),
      equal('chain-enclave', 'order', 'chain', said(bound?.args.enclave), enclave),
      equal('chain-build', 'code', 'chain', said(bound?.args.build), build),
      equal('chain-evidence', 'order', 'chain', said(bound?.args.evidenceHash), vote.evidenceHash),
      equal('chain-report', 'order', 'chain', said(reported?.args.reportHash), hash),
      equal('chain-approved', 'code', 'chain', 'approved', wasApproved ? 'approved' : 'not approved at the start'),
    ],
  }
}
