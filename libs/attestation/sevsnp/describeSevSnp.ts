import { toHex } from '@allod/protocol'
import type { Field } from '../field.ts'
import type { SevSnpProduct } from './claims.ts'
import { claimsOf } from './claimsOf.ts'
import { productOfCpuid } from './product.ts'
import { parseReport, type SevSnpReport } from './report.ts'
import { tcbWords } from './tcb.ts'

/**
 * Every field of a SEV-SNP report, named as in AMD's specification 56860, with what it means. Reads only: nothing is verified.
 * @throws sevsnp/bad-report, sevsnp/unknown-version, sevsnp/unknown-product, sevsnp/unknown-signing-key and the like
 */
export function describeSevSnp(evidence: Uint8Array): readonly Field[] {
  const report = parseReport(evidence)
  const product = productOf(report)
  const claims = claimsOf(report, { product, cspId: null })
  const { policy, platformInfo } = claims
  const field = (name: string, value: string | number, words: string): Field => ({ name, value: String(value), words })
  const { cpuid } = report
  return [
    field('VERSION', claims.version, 'version of this report’s layout'),
    field('GUEST_SVN', claims.guestSvn, 'security version that the guest’s owner gave it'),
    field(
      'POLICY',
      hexOf(report.policy),
      `ABI at least ${policy.abiMajor}.${policy.abiMinor}; ${named(policyWords, policy)}`,
    ),
    field('FAMILY_ID', claims.familyId, 'family of the guest, from its id block'),
    field('IMAGE_ID', claims.imageId, 'image of the guest, from its id block'),
    field('VMPL', claims.vmpl, 'privilege level that asked, 0 the highest'),
    field('SIGNATURE_ALGO', 1, 'ECDSA P-384 with SHA-384'),
    field('CURRENT_TCB', toHex(report.currentTcb), `what runs now: ${tcbWords(claims.currentTcb)}`),
    field('PLATFORM_INFO', hexOf(report.platformInfo), named(platformWords, platformInfo)),
    field('SIGNING_KEY', claims.signingKey.toUpperCase(), signingWords[claims.signingKey]),
    field('MASK_CHIP_KEY', String(report.maskChipKey), 'whether the chip’s own key is withheld'),
    field('AUTHOR_KEY_EN', String(claims.authorKeyEnabled), 'whether an author’s key signed the id key'),
    field('REPORT_DATA', claims.reportData, 'what the guest put in: in Allod the hash of keys, nonces and devices'),
    field('MEASUREMENT', claims.measurement, 'what was loaded when the guest was launched'),
    field('HOST_DATA', claims.hostData, 'hash of the launch configuration'),
    field('ID_KEY_DIGEST', claims.idKeyDigest, 'digest of the key that signed the id block'),
    field('AUTHOR_KEY_DIGEST', claims.authorKeyDigest, 'digest of the author’s key, if enabled'),
    field('REPORT_ID', claims.reportId, 'id of this guest, made at its launch'),
    field('REPORT_ID_MA', claims.reportIdMa, 'id of its migration agent; all ones where it has none'),
    field(
      'REPORTED_TCB',
      toHex(report.reportedTcb),
      `what the signing key is derived from: ${tcbWords(claims.reportedTcb)}`,
    ),
    ...(cpuid === null
      ? []
      : [
          field('CPUID_FAM_ID', cpuid.family, `family of the processor: ${product}`),
          field('CPUID_MOD_ID', cpuid.model, 'model of the processor'),
          field('CPUID_STEP', cpuid.stepping, 'stepping of the processor'),
        ]),
    field('CHIP_ID', claims.chipId, claims.chipIdMasked ? 'masked: names no chip' : 'names the chip'),
    field(
      'COMMITTED_TCB',
      toHex(report.committedTcb),
      `cannot be rolled back behind: ${tcbWords(claims.committedTcb)}`,
    ),
    field('CURRENT_VERSION', claims.currentVersion, 'firmware that runs: major, minor, build'),
    field('COMMITTED_VERSION', claims.committedVersion, 'firmware that cannot be rolled back behind'),
    field('LAUNCH_TCB', toHex(report.launchTcb), `what ran when the guest was launched: ${tcbWords(claims.launchTcb)}`),
    ...(claims.launchMitVector === null || claims.currentMitVector === null
      ? []
      : [
          field('LAUNCH_MIT_VECTOR', claims.launchMitVector, 'mitigations at launch, a bit each'),
          field('CURRENT_MIT_VECTOR', claims.currentMitVector, 'mitigations now, a bit each'),
        ]),
    field('SIGNATURE', toHex(report.signature), 'R and S; not verified here'),
  ]
}

const signingWords = { vcek: 'the chip’s own key', vlek: 'a key lent to a cloud, which names no chip' } as const

const policyWords = {
  smt: 'SMT allowed',
  migrateMa: 'MIGRATION AGENT allowed',
  debug: 'DEBUG allowed',
  singleSocket: 'one socket only',
  cxl: 'CXL allowed',
  memAes256Xts: 'AES-256-XTS required',
  raplDis: 'RAPL must be off',
  ciphertextHiding: 'ciphertext hiding required',
  pageSwapDisable: 'page swapping off',
} as const

const platformWords = {
  smtEnabled: 'SMT on',
  tsmeEnabled: 'TSME on',
  eccEnabled: 'ECC memory',
  raplDisabled: 'RAPL off',
  ciphertextHidingEnabled: 'ciphertext hiding on',
  aliasCheckComplete: 'memory checked for aliases',
  sevTioEnabled: 'SEV-TIO on',
} as const

const named = <K extends string>(
  words: Readonly<Record<K, string>>,
  flags: Readonly<Record<NoInfer<K>, boolean>>,
): string =>
  (Object.keys(words) as K[])
    .filter((name) => flags[name])
    .map((name) => words[name])
    .join(', ') || 'nothing set'

const hexOf = (value: bigint): string => `0x${value.toString(16).padStart(16, '0')}`

// Version 2 does not say: it is older than Turin, and Milan and Genoa share their layout.
const productOf = ({ cpuid }: SevSnpReport): SevSnpProduct => (cpuid === null ? 'Milan' : productOfCpuid(cpuid))
