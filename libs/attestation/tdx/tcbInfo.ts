import { type Hex, integer, oneOf, type Shape, text } from '@allod/protocol'
import type { TcbPart } from './claims.ts'
import {
  fieldsOf,
  intelHex,
  items,
  parseAs,
  type SvnLevel,
  statusOf,
  svnLevels,
  type Window,
  windowOf,
} from './collateralFields.ts'
import { fail } from './errors.ts'
import type { StrictJson } from './strictJson.ts'

/** One component of a level: its version, and where the update comes from, where Intel says. */
export type TcbComponent = { readonly svn: number; readonly category: string | null; readonly type: string | null }

/** One level of the platform's list. */
export type TcbLevel = TcbPart & {
  readonly sgx: readonly TcbComponent[]
  readonly pcesvn: number
  readonly tdx: readonly TcbComponent[]
}

/** How Intel describes a TDX module: signer and attributes under a mask. */
export type ModuleIdentity = { readonly mrsigner: Hex; readonly attributes: Hex; readonly attributesMask: Hex }

/** Intel's list for one family of platforms. */
export type TcbInfo = Window & {
  readonly fmspc: Hex
  readonly pceid: Hex
  readonly evaluationNumber: number
  readonly module: ModuleIdentity
  readonly modules: readonly (ModuleIdentity & { readonly id: string; readonly levels: readonly SvnLevel[] })[]
  /** Best first. */
  readonly levels: readonly TcbLevel[]
}

const COMPONENTS = 16
const MAX_LEVELS = 64
const MAX_MODULES = 32

/** Statuses that Intel defines for a platform's level. */
const platformStatus = oneOf(
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
)
const moduleStatus = oneOf('UpToDate', 'OutOfDate', 'Revoked')

/**
 * Reads the signed member of TCB info, version 3 for TDX (PCS API v4, "Get TDX TCB Info").
 * @throws tdx/bad-tcb-info
 */
export const parseTcbInfo = (value: StrictJson): TcbInfo =>
  parseAs(
    (cause) => fail('bad-tcb-info', { cause }),
    () => {
      const fields = fieldsOf(value, 'tcbInfo')
      const { get, optional } = fields
      get('id', oneOf('TDX'))
      get('version', oneOf(3))
      get('tcbType', oneOf(0))
      return {
        ...windowOf(fields),
        fmspc: get('fmspc', intelHex(6)),
        pceid: get('pceId', intelHex(2)),
        evaluationNumber: get('tcbEvaluationDataNumber', integer(0, 0xffffffff)),
        module: get('tdxModule', moduleIdentity),
        modules: optional('tdxModuleIdentities', moduleIdentities) ?? [],
        levels: get('tcbLevels', (v, path = '$') =>
          items(v, MAX_LEVELS, path).map((x, i) => level(x, `${path}[${i}]`)),
        ),
      }
    },
  )

const moduleIdentity: Shape<ModuleIdentity> = (value, path) => {
  const { get } = fieldsOf(value, path)
  return {
    mrsigner: get('mrsigner', intelHex(48)),
    attributes: get('attributes', intelHex(8)),
    attributesMask: get('attributesMask', intelHex(8)),
  }
}

const moduleIdentities: Shape<TcbInfo['modules']> = (value, path = '$') =>
  items(value, MAX_MODULES, path).map((v, i) => {
    const { get } = fieldsOf(v, `${path}[${i}]`)
    return {
      id: get('id', text(6, /^TDX_[0-9A-Fa-f]{2}$/)).toUpperCase(),
      levels: get('tcbLevels', svnLevels(moduleStatus)),
      ...moduleIdentity(v, `${path}[${i}]`),
    }
  })

function level(value: unknown, path: string): TcbLevel {
  const fields = fieldsOf(value, path)
  const tcb = fields.get('tcb', (v, p) => fieldsOf(v, p))
  return {
    sgx: tcb.get('sgxtcbcomponents', components),
    pcesvn: tcb.get('pcesvn', integer(0, 0xffff)),
    tdx: tcb.get('tdxtcbcomponents', components),
    ...statusOf(fields, platformStatus),
  }
}

const components: Shape<readonly TcbComponent[]> = (value, path = '$') => {
  const list = items(value, COMPONENTS, path)
  if (list.length !== COMPONENTS) throw fail('bad-json', { expected: `${COMPONENTS} components`, actual: list.length })
  return list.map((v, i) => {
    const { get, optional } = fieldsOf(v, `${path}[${i}]`)
    return {
      svn: get('svn', integer(0, 0xff)),
      category: optional('category', text(64)),
      type: optional('type', text(64)),
    }
  })
}
