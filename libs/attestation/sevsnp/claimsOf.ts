import type { SevSnpClaims } from './claims.ts'
import type { SevSnpReport } from './report.ts'
import { parseTcb } from './tcb.ts'
import type { VekClaims } from './vek.ts'

/**
 * A report and its key's certificate as claims: every field that was signed.
 * @throws sevsnp/bad-report where a security version has a reserved byte set
 */
export function claimsOf(report: SevSnpReport, { product, cspId }: Pick<VekClaims, 'product' | 'cspId'>): SevSnpClaims {
  return {
    kind: 'sevsnp',
    ...report.stated,
    product,
    signingKey: report.signingKey,
    cspId,
    policy: guestPolicyOf(report.policy),
    platformInfo: platformInfoOf(report.platformInfo),
    chipIdMasked: report.chipId.every((b) => b === 0),
    currentTcb: parseTcb(report.currentTcb, product),
    reportedTcb: parseTcb(report.reportedTcb, product),
    committedTcb: parseTcb(report.committedTcb, product),
    launchTcb: parseTcb(report.launchTcb, product),
  }
}

const bit = (value: bigint, n: number): boolean => ((value >> BigInt(n)) & 1n) === 1n

// 56860, table "Guest Policy".
function guestPolicyOf(policy: bigint): SevSnpClaims['policy'] {
  return {
    abiMajor: Number((policy >> 8n) & 0xffn),
    abiMinor: Number(policy & 0xffn),
    smt: bit(policy, 16),
    migrateMa: bit(policy, 18),
    debug: bit(policy, 19),
    singleSocket: bit(policy, 20),
    cxl: bit(policy, 21),
    memAes256Xts: bit(policy, 22),
    raplDis: bit(policy, 23),
    ciphertextHiding: bit(policy, 24),
    pageSwapDisable: bit(policy, 25),
  }
}

// 56860, field PLATFORM_INFO.
function platformInfoOf(info: bigint): SevSnpClaims['platformInfo'] {
  return {
    smtEnabled: bit(info, 0),
    tsmeEnabled: bit(info, 1),
    eccEnabled: bit(info, 2),
    raplDisabled: bit(info, 3),
    ciphertextHidingEnabled: bit(info, 4),
    aliasCheckComplete: bit(info, 5),
    sevTioEnabled: bit(info, 7),
  }
}
