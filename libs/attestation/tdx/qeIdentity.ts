import { type Hex, integer, oneOf } from '@allod/protocol'
import { fieldsOf, intelHex, parseAs, type SvnLevel, svnLevels, type Window, windowOf } from './collateralFields.ts'
import { fail } from './errors.ts'
import type { StrictJson } from './strictJson.ts'

/** How Intel describes its quoting enclave for trust domains. Masked fields are in the order of the report's bytes. */
export type QeIdentity = Window & {
  readonly evaluationNumber: number
  readonly miscselect: Hex
  readonly miscselectMask: Hex
  readonly attributes: Hex
  readonly attributesMask: Hex
  readonly mrsigner: Hex
  readonly isvprodid: number
  /** Best first. */
  readonly levels: readonly SvnLevel[]
}

/**
 * Reads the signed member of a QE identity, version 2 for TD_QE (PCS API v4, "Get TDX QE Identity").
 * @throws tdx/bad-qe-identity
 */
export const parseQeIdentity = (value: StrictJson): QeIdentity =>
  parseAs(
    (cause) => fail('bad-qe-identity', { cause }),
    () => {
      const fields = fieldsOf(value, 'enclaveIdentity')
      const { get } = fields
      get('id', oneOf('TD_QE'))
      get('version', oneOf(2))
      return {
        ...windowOf(fields),
        evaluationNumber: get('tcbEvaluationDataNumber', integer(0, 0xffffffff)),
        miscselect: get('miscselect', intelHex(4)),
        miscselectMask: get('miscselectMask', intelHex(4)),
        attributes: get('attributes', intelHex(16)),
        attributesMask: get('attributesMask', intelHex(16)),
        mrsigner: get('mrsigner', intelHex(32)),
        isvprodid: get('isvprodid', integer(0, 0xffff)),
        levels: get('tcbLevels', svnLevels(oneOf('UpToDate', 'OutOfDate', 'Revoked'))),
      }
    },
  )
