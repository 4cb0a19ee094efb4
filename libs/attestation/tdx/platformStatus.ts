import type { Platform } from '../verified.ts'
import type { TcbPart, TdxClaims } from './claims.ts'
import { matchQe } from './matchQe.ts'
import type { PckCertificate } from './pckCertificate.ts'
import type { QeIdentity } from './qeIdentity.ts'
import type { QeReport } from './qeReport.ts'
import { gapWords, statusWords } from './shortfall.ts'
import type { TcbInfo } from './tcbInfo.ts'
import { levelGaps, matchTcbLevel } from './tcbLevel.ts'
import { worstStatus } from './tcbStatus.ts'
import type { TdReport } from './tdReport.ts'
import { type MatchedModule, matchModule } from './tdxModule.ts'

/** What was measured and certified, and the lists to hold it against. */
export type PlatformFacts = {
  readonly report: TdReport
  readonly qeReport: QeReport
  readonly pck: PckCertificate
  readonly tcbInfo: TcbInfo
  readonly qeIdentity: QeIdentity
}

/** Where each part stands, and all of them together. */
export type PlatformStatus = Pick<TdxClaims, 'qe' | 'platform' | 'module' | 'relaunch'> & { readonly overall: Platform }

/**
 * Finds the level of quoting enclave, platform and module, and puts them together: the worst status, every advisory, and what
 * is below the newest level. A TD 1.5 also states what the platform runs since its last update without a restart; that is
 * held against the same lists.
 * @throws tdx/qe-identity-mismatch, tdx/module-mismatch, tdx/no-tcb-level
 */
export function platformStatus(facts: PlatformFacts): PlatformStatus {
  const { report, qeReport, pck, tcbInfo, qeIdentity } = facts
  const qe = matchQe(qeReport, qeIdentity)
  const platform = matchTcbLevel(tcbInfo, { pck, teeTcbSvn: report.teeTcbSvn })
  const module = matchModule(tcbInfo, report, report.teeTcbSvn, platform.tcbDate)
  const relaunch = report.teeTcbSvn2 === null ? null : matchRunning(facts, report.teeTcbSvn2)
  const parts = [qe, platform, module]
  const status = worstStatus(parts.map((p) => p.status))
  const isRelaunchEnough = relaunch?.status === 'UpToDate'
  const [newestQe, newest] = [qeIdentity.levels[0]?.isvsvn ?? 0, tcbInfo.levels[0]]
  const shortfall =
    status === 'UpToDate'
      ? []
      : [
          ...(qeReport.isvsvn < newestQe
            ? [
                `the quoting enclave is ${qeReport.isvsvn}, wanted ${newestQe}: update Intel’s DCAP packages on the host`,
              ]
            : []),
          ...(newest === undefined ? [] : levelGaps(newest, { pck, teeTcbSvn: report.teeTcbSvn }).map(gapWords)),
          ...moduleWords(module, isRelaunchEnough),
          ...statusWords[status],
        ]
  return {
    qe: partOf(qe),
    platform: partOf(platform),
    module: { ...partOf(module), id: module.id },
    relaunch,
    overall: { status, advisories: union(parts), shortfall },
  }
}

function matchRunning({ report, pck, tcbInfo }: PlatformFacts, teeTcbSvn: TdReport['teeTcbSvn']): TcbPart {
  const platform = matchTcbLevel(tcbInfo, { pck, teeTcbSvn })
  const module = matchModule(tcbInfo, report, teeTcbSvn, platform.tcbDate)
  const parts = [platform, module]
  const dates = parts.map((p) => p.tcbDate).sort()
  return { status: worstStatus(parts.map((p) => p.status)), advisories: union(parts), tcbDate: dates[0] as string }
}

function moduleWords({ id, isvsvn, newest }: MatchedModule, isRelaunchEnough: boolean): readonly string[] {
  if (isvsvn >= newest) return []
  const remedy = isRelaunchEnough
    ? 'the platform already runs a newer one, so relaunch the domain'
    : 'update the TDX module, then relaunch the domain'
  return [`TDX module ${id} is ${isvsvn}, wanted ${newest}: ${remedy}`]
}

const union = (parts: readonly TcbPart[]): readonly string[] => [...new Set(parts.flatMap((p) => p.advisories))].sort()

const partOf = ({ status, advisories, tcbDate }: TcbPart): TcbPart => ({ status, advisories, tcbDate })
