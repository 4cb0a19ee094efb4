import { fromHex, type Hex } from '@allod/protocol'
import type { TcbPart } from './claims.ts'
import { fail } from './errors.ts'
import { isMasked } from './isMasked.ts'
import type { ModuleIdentity, TcbInfo } from './tcbInfo.ts'
import type { TdReport } from './tdReport.ts'

/** Where a TDX module stands in Intel's lists, and the security version that is the newest. */
export type MatchedModule = TcbPart & { readonly id: string; readonly isvsvn: number; readonly newest: number }

/**
 * Finds the identity of the module that the quote names, holds signer and attributes against it, and its version against its
 * levels. Modules before 1.5 say 0 in byte 1: they are described by `tdxModule`, and judged with the platform's level.
 * @param teeTcbSvn sixteen bytes: isvsvn, major version, microcode and reserved ones
 * @param platformDate date of the platform's level, which is that of an early module too
 * @throws tdx/module-mismatch, tdx/no-tcb-level
 */
export function matchModule(
  info: TcbInfo,
  report: Pick<TdReport, 'mrsignerseam' | 'seamattributes'>,
  teeTcbSvn: Hex,
  platformDate: string,
): MatchedModule {
  const [isvsvn = 0, major = 0] = fromHex(teeTcbSvn, 16)
  if (major === 0) {
    requireIdentity(info.module, report, 'tdxModule')
    return { id: 'TDX_00', status: 'UpToDate', advisories: [], tcbDate: platformDate, isvsvn, newest: isvsvn }
  }
  const id = `TDX_${major.toString(16).padStart(2, '0').toUpperCase()}`
  const identity = info.modules.find((module) => module.id === id)
  if (identity === undefined)
    throw fail('module-mismatch', { expected: info.modules.map((m) => m.id).join(', '), actual: id })
  requireIdentity(identity, report, id)
  const level = identity.levels.find((l) => isvsvn >= l.isvsvn)
  if (level === undefined)
    throw fail('no-tcb-level', { expected: identity.levels.at(-1)?.isvsvn, actual: isvsvn, meta: { part: id } })
  const { status, advisories, tcbDate } = level
  return { id, status, advisories, tcbDate, isvsvn, newest: identity.levels[0]?.isvsvn ?? isvsvn }
}

function requireIdentity(
  identity: ModuleIdentity,
  { mrsignerseam, seamattributes }: Pick<TdReport, 'mrsignerseam' | 'seamattributes'>,
  id: string,
): void {
  if (mrsignerseam !== identity.mrsigner)
    throw fail('module-mismatch', {
      expected: identity.mrsigner,
      actual: mrsignerseam,
      meta: { field: 'mrsignerseam', id },
    })
  if (!isMasked(seamattributes, identity.attributesMask, identity.attributes))
    throw fail('module-mismatch', {
      expected: identity.attributes,
      actual: seamattributes,
      meta: { field: 'seamattributes', id },
    })
}
