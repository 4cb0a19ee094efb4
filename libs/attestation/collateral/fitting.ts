import { equalBytes, isAllodError } from '@allod/protocol'
import type { EvidencePart } from '../files/binaryEvidence.ts'
import { parseOpaque, readOpaque } from '../nvidia/opaque.ts'
import { parseSpdm } from '../nvidia/spdm.ts'
import { type SevSnpProduct, sevSnpProducts } from '../sevsnp/claims.ts'
import { productOfCpuid } from '../sevsnp/product.ts'
import { parseReport, type SevSnpReport } from '../sevsnp/report.ts'
import { parseTcb, tcbParts } from '../sevsnp/tcb.ts'
import { type VekClaims, vekClaims } from '../sevsnp/vek.ts'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { parseCrl } from '../x509/crl.ts'
import { parsePem } from '../x509/pem.ts'

const MAX_CHAIN = 8
const DEVICE_CHAIN = 5
const [DASH, OPEN_ANGLE, SEQUENCE] = [0x2d, 0x3c, 0x30]

/**
 * Of the collateral in a folder, what may go with some evidence: a folder often holds that of other chips, products or
 * drivers beside it, and a verifier refuses what does not belong. Chooses only; trusts nothing, and what cannot be read as
 * evidence keeps everything, for its verifier to refuse.
 */
export function fitting(part: EvidencePart, blobs: readonly Uint8Array[]): readonly Uint8Array[] {
  switch (part.kind) {
    // Its verifier takes the family's own out of several.
    case 'tdx':
      return blobs
    case 'sevsnp':
      return orAll(blobs, () => ofChip(parseReport(part.evidence), blobs))
    case 'nvidia-gpu':
    case 'nvidia-switch':
      return orAll(blobs, () => ofDevice(part, blobs))
    default:
      return part.kind satisfies never
  }
}

function ofChip(report: SevSnpReport, blobs: readonly Uint8Array[]): readonly Uint8Array[] {
  const isVlek = report.signingKey === 'vlek'
  const keys = blobs.flatMap(certificatesOf).flatMap((c) => vekOf(c) ?? [])
  const product = report.cpuid === null ? keys.find((k) => isOf(k, report))?.product : productOfCpuid(report.cpuid)
  const authorities = sevSnpProducts
    .filter((p) => product === undefined || p === product)
    .flatMap((p) => [`ARK-${p}`, isVlek ? `SEV-VLEK-${p}` : `SEV-${p}`])
  const fits = (certificate: Certificate): boolean => {
    const vek = vekOf(certificate)
    if (vek === null) return authorities.includes(certificate.commonName ?? '')
    return isOf(vek, report) && (product === undefined || vek.product === product)
  }
  return blobs.filter((blob) => {
    const certificates = certificatesOf(blob)
    if (certificates.length > 0) return certificates.every(fits)
    return product === undefined || isListOf(blob, product)
  })
}

function isOf({ hwId, tcb, product }: VekClaims, { chipId, reportedTcb, signingKey }: SevSnpReport): boolean {
  const isChip = hwId !== null && equalBytes(hwId, chipId.subarray(0, hwId.length))
  const isKind = (hwId === null) === (signingKey === 'vlek')
  if (!isKind || (hwId !== null && !isChip && chipId.some((b) => b !== 0))) return false
  const reported = orNull(() => parseTcb(reportedTcb, product))
  return reported !== null && tcbParts.every((name) => reported[name] === tcb[name])
}

const vekOf = (certificate: Certificate): VekClaims | null =>
  certificate.commonName === 'SEV-VCEK' || certificate.commonName === 'SEV-VLEK'
    ? orNull(() => vekClaims(certificate, certificate.commonName === 'SEV-VCEK' ? 'vcek' : 'vlek'))
    : null

// A name holds its common name as it is written.
const isListOf = (blob: Uint8Array, product: SevSnpProduct): boolean =>
  blob[0] === SEQUENCE && orNull(() => latin(parseCrl(blob).issuer).includes(`ARK-${product}`)) === true

function ofDevice({ kind, evidence, endorsements }: EvidencePart, blobs: readonly Uint8Array[]): readonly Uint8Array[] {
  const opaque = readOpaque(parseOpaque(parseSpdm(evidence).opaque), kind === 'nvidia-gpu' ? 'gpu' : 'switch')
  const versions = [opaque.driverVersion, opaque.vbiosVersion].flatMap((v) => (v === null ? [] : [v.toLowerCase()]))
  const hasChain = endorsements.some((blob) => blob[0] === DASH)
  return blobs.filter((blob) => {
    if (blob[0] === DASH) return !hasChain && certificatesOf(blob).length === DEVICE_CHAIN
    if (blob[0] !== OPEN_ANGLE) return certificatesOf(blob).length === 0
    const text = latin(blob).toLowerCase()
    return versions.some((version) => text.includes(`colloquialversion="${version}"`))
  })
}

function certificatesOf(blob: Uint8Array): readonly Certificate[] {
  const ders = blob[0] === DASH ? orNull(() => parsePem(blob, 'CERTIFICATE', MAX_CHAIN)) : [blob]
  return orNull(() => (ders ?? []).map((der) => parseCertificate(der))) ?? []
}

const latin = (bytes: Uint8Array): string => {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

const orAll = (blobs: readonly Uint8Array[], choose: () => readonly Uint8Array[]) => orNull(choose) ?? blobs

function orNull<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (isAllodError(error)) return null
    throw error
  }
}
