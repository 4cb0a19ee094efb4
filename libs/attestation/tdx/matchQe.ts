import type { Hex } from '@allod/protocol'
import type { SvnLevel } from './collateralFields.ts'
import { fail } from './errors.ts'
import { isMasked } from './isMasked.ts'
import type { QeIdentity } from './qeIdentity.ts'
import type { QeReport } from './qeReport.ts'

/**
 * Holds the quoting enclave against Intel's description and finds its level: the first whose version it reaches.
 * @throws tdx/qe-identity-mismatch, tdx/no-tcb-level
 */
export function matchQe(report: QeReport, identity: QeIdentity): SvnLevel {
  const masked = (name: string, value: Hex, mask: Hex, wanted: Hex): void =>
    requireThat(isMasked(value, mask, wanted), name, `${wanted} under ${mask}`, value)
  masked('miscselect', report.miscselect, identity.miscselectMask, identity.miscselect)
  masked('attributes', report.attributes, identity.attributesMask, identity.attributes)
  requireThat(report.mrsigner === identity.mrsigner, 'mrsigner', identity.mrsigner, report.mrsigner)
  requireThat(report.isvprodid === identity.isvprodid, 'isvprodid', identity.isvprodid, report.isvprodid)
  const level = identity.levels.find(({ isvsvn }) => report.isvsvn >= isvsvn)
  if (level === undefined)
    throw fail('no-tcb-level', {
      expected: identity.levels.at(-1)?.isvsvn,
      actual: report.isvsvn,
      meta: { part: 'quoting enclave' },
    })
  return level
}

function requireThat(isMet: boolean, field: string, expected: unknown, actual: unknown): void {
  if (!isMet) throw fail('qe-identity-mismatch', { expected, actual, meta: { field } })
}
