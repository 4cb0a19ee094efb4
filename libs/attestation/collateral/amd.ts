import { isAllodError } from '@allod/protocol'
import { pemBlobs } from '../files/pemBlobs.ts'
import { type SevSnpProduct, sevSnpProducts } from '../sevsnp/claims.ts'
import { parseEndorsements } from '../sevsnp/endorsements.ts'
import { productOfCpuid } from '../sevsnp/product.ts'
import { parseReport, type SevSnpReport } from '../sevsnp/report.ts'
import { parseTcb } from '../sevsnp/tcb.ts'
import { vekClaims } from '../sevsnp/vek.ts'
import { parseCertificate } from '../x509/certificate.ts'
import type { Endpoints } from './endpoints.ts'
import { fail } from './errors.ts'
import { type Gathered, gather, type Supplied, type Want } from './gather.ts'
import type { CollateralSource, Fetched } from './source.ts'

/**
 * What AMD says of the chip that made a report: the certificate of its key at the reported security versions, the
 * authorities above it, and their revocation list. What was supplied is not asked for. A cloud's key, VLEK, comes from the host
 * and not from here.
 * Source: AMD 57230, VCEK certificate and KDS interface specification.
 * @throws collateral/bad-evidence where the report cannot be read
 */
export async function amdCollateral(
  { evidence, endorsements }: Supplied,
  source: CollateralSource,
  { amdKds }: Pick<Endpoints, 'amdKds'>,
): Promise<Gathered> {
  const report = reportOf(evidence)
  const { signingKey } = report
  const given = parseEndorsements(endorsements)
  const key = await keyOf(report, given[signingKey]?.der ?? null, source, amdKds)
  const base = `${amdKds}/${signingKey}/v1/${key.product}`
  const issuer = signingKey === 'vcek' ? given.ask : given.asvk
  const rest = await gather(source, [
    ...(issuer === null ? [{ what: 'AMD’s authorities', request: { url: `${base}/cert_chain` }, read: readPem }] : []),
    ...(given.crls.length === 0 ? [{ what: 'AMD’s revocation list', request: { url: `${base}/crl` } }] : []),
  ])
  return {
    endorsements: [...key.endorsements, ...rest.endorsements],
    missing: [...key.missing, ...rest.missing],
  }
}

type Key = Gathered & { readonly product: SevSnpProduct }

async function keyOf(
  report: SevSnpReport,
  given: Uint8Array | null,
  source: CollateralSource,
  kds: string,
): Promise<Key> {
  const { signingKey } = report
  const [first] = candidates(report) as [SevSnpProduct]
  if (given !== null) {
    const { product } = vekClaims(parseCertificate(given), signingKey)
    return { product, endorsements: [], missing: [] }
  }
  if (signingKey === 'vcek' && !isMasked(report)) return chipKey(report, source, kds)
  return { product: first, endorsements: [], missing: [WITHOUT_KEY[signingKey]] }
}

const WITHOUT_KEY = {
  vcek: 'certificate of the chip’s key: the report does not name its chip',
  vlek: 'certificate of the cloud’s key: AMD gives it to the cloud, and the host to its guests',
} as const

const readPem = ({ bytes }: Fetched) => pemBlobs(Array.from(bytes, (b) => String.fromCharCode(b)).join(''))

// A report of version 2 does not say of which product its chip is: whichever AMD knows the chip under.
async function chipKey(report: SevSnpReport, source: CollateralSource, kds: string): Promise<Key> {
  let last: Gathered = { endorsements: [], missing: [] }
  for (const product of candidates(report)) {
    last = await gather(source, [keyWant(report, product, kds)])
    if (last.missing.length === 0) return { product, ...last }
  }
  return { product: candidates(report)[0] as SevSnpProduct, ...last }
}

function keyWant({ chipId, reportedTcb }: SevSnpReport, product: SevSnpProduct, kds: string): Want {
  const { fmc, bootloader, tee, snp, microcode } = parseTcb(reportedTcb, product)
  const isTurin = product === 'Turin'
  const id = Array.from(chipId.subarray(0, isTurin ? 8 : 64), (b) => b.toString(16).padStart(2, '0')).join('')
  const versions = `${isTurin ? `fmcSPL=${fmc}&` : ''}blSPL=${bootloader}&teeSPL=${tee}&snpSPL=${snp}&ucodeSPL=${microcode}`
  return {
    what: `certificate of the chip’s key, ${product}`,
    request: { url: `${kds}/vcek/v1/${product}/${id}?${versions}` },
  }
}

function candidates({ cpuid, reportedTcb }: SevSnpReport): readonly SevSnpProduct[] {
  if (cpuid !== null) return [productOfCpuid(cpuid)]
  return sevSnpProducts.filter((product) => product !== 'Turin' && isLaidOut(reportedTcb, product))
}

function isLaidOut(tcb: Uint8Array, product: SevSnpProduct): boolean {
  try {
    parseTcb(tcb, product)
    return true
  } catch (error) {
    if (isAllodError(error)) return false
    throw error
  }
}

const isMasked = ({ chipId }: SevSnpReport): boolean => chipId.every((b) => b === 0)

function reportOf(evidence: Uint8Array): SevSnpReport {
  try {
    const report = parseReport(evidence)
    if (candidates(report).length === 0) throw new Error('no product')
    return report
  } catch (cause) {
    throw fail('bad-evidence', { expected: 'a SEV-SNP report', cause })
  }
}
