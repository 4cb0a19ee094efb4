import { equalBytes, toHex } from '@allod/protocol'
import { machineId } from '../machineId.ts'
import { type At, type CpuVerifier, notStated, type VerifiedCpu } from '../verified.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { PinnedRoot } from '../x509/pinnedRoot.ts'
import { verifyRawEcdsa } from '../x509/signature.ts'
import { type VerifiedChain, verifySevSnpChain } from './chain.ts'
import type { SevSnpProduct } from './claims.ts'
import { claimsOf } from './claimsOf.ts'
import { parseEndorsements, type SevSnpEndorsements } from './endorsements.ts'
import { fail } from './errors.ts'
import { ownRoots, pinnedRoots } from './pinnedRoots.ts'
import { productOfCpuid } from './product.ts'
import { parseReport, type SevSnpReport } from './report.ts'
import { checkRevocation } from './revocation.ts'
import { packTcb, parseTcb, tcbParts, tcbWords } from './tcb.ts'
import { type VekClaims, vekClaims } from './vek.ts'

/**
 * The verifier of AMD SEV-SNP reports: v2, v3 and v5 of Milan, Genoa and Turin, signed by the chip's VCEK or a cloud's VLEK.
 * Endorsements: the VCEK or VLEK, the ASK or ASVK above it, revocation lists, or the host's table of certificates.
 * @param options.roots DER of the ARKs to trust in place of AMD's, for tests
 * @example await sevSnpVerifier().verify(report, [vcek, ask, crl], { now })
 */
export function sevSnpVerifier({ roots }: { readonly roots?: readonly Uint8Array[] } = {}): CpuVerifier {
  const pinned = roots === undefined ? pinnedRoots() : null
  return {
    cpu: 'sevsnp',
    verify: async (evidence, endorsements, at) =>
      verifySevSnp(evidence, endorsements, pinned ?? (await ownRoots(roots ?? [])), at),
  }
}

// The steps of AMD's guide, in order; each throws or adds to what is known.
async function verifySevSnp(
  evidence: Uint8Array,
  endorsements: readonly Uint8Array[],
  roots: readonly PinnedRoot[],
  { now }: At,
): Promise<VerifiedCpu> {
  const report = parseReport(evidence)
  const brought = parseEndorsements(endorsements)
  const certificate = vekOf(report.signingKey, brought)
  // Never rejects; begun here so that it runs beside the chain, and awaited with everything else known.
  const isSigned = verifyRawEcdsa(certificate.spki, 'P-384', report.signed, report.signature)
  const chain = await verifySevSnpChain(report.signingKey, certificate, brought, { roots, now })
  const { finding, validUntil } = await checkRevocation(chain, brought.crls, now)
  const vek = vekClaims(certificate, report.signingKey)
  requireProduct(report, vek.product, chain)
  requireChip(report, vek)
  requireTcb(report, vek)
  if (!(await isSigned)) throw fail('signature-mismatch')
  const claims = claimsOf(report, vek)
  return {
    kind: 'sevsnp',
    isHardware: true,
    root: chain.root.id,
    measurement: claims.measurement,
    configHash: claims.hostData,
    reportData: claims.reportData,
    isDebug: claims.policy.debug,
    tcb: packTcb(claims.reportedTcb),
    // A masked chip id is all zero. Its hash would name every such chip at once; no id names none.
    machine: isZero(report.chipId) ? '0x' : await machineId('sevsnp', report.chipId),
    isIsolated: true,
    platform: notStated,
    findings: [finding],
    validUntil: Math.min(chain.validUntil, validUntil),
    claims,
  }
}

function vekOf(sort: 'vcek' | 'vlek', brought: SevSnpEndorsements): Certificate {
  const vek = brought[sort]
  if (vek !== null) return vek
  const isOther = brought.vcek !== null || brought.vlek !== null
  throw fail(isOther ? 'vek-mismatch' : 'vek-missing', { expected: sort, actual: isOther ? 'the other' : 'none' })
}

// Which product it is decides where the security versions stand, so report, leaf and authority must agree.
function requireProduct({ cpuid }: SevSnpReport, product: SevSnpProduct, chain: VerifiedChain): void {
  const reported = cpuid === null ? product : productOfCpuid(cpuid)
  if (reported !== product || chain.product !== product)
    throw fail('product-mismatch', {
      expected: `${product}, by its certificate`,
      actual: `${reported}, ${chain.product}`,
    })
}

// On Turin the id has 8 bytes and the rest of the field is zero. A masked id names no chip: the signature alone then ties them.
function requireChip({ chipId }: SevSnpReport, { hwId }: VekClaims): void {
  if (hwId === null) {
    if (!isZero(chipId)) throw fail('chip-mismatch', { expected: 'no chip id under a VLEK', actual: toHex(chipId) })
    return
  }
  const expected = new Uint8Array(chipId.length)
  expected.set(hwId)
  if (!isZero(chipId) && !equalBytes(chipId, expected))
    throw fail('chip-mismatch', { expected: toHex(expected), actual: toHex(chipId) })
}

// AMD derives a VEK from the security versions: one for older firmware must not vouch for a report that claims newer.
function requireTcb({ reportedTcb }: SevSnpReport, { tcb, product }: VekClaims): void {
  const reported = parseTcb(reportedTcb, product)
  if (tcbParts.some((part) => reported[part] !== tcb[part]))
    throw fail('tcb-mismatch', { expected: tcbWords(tcb), actual: tcbWords(reported) })
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((b) => b === 0)
