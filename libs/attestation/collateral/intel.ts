import { equalBytes, type Hex } from '@allod/protocol'
import { pemOfHeader } from '../files/pemBlobs.ts'
import { sortCollateral } from '../tdx/collateral.ts'
import { parsePckCertificate } from '../tdx/pckCertificate.ts'
import { parseQuote } from '../tdx/quote.ts'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { parsePem } from '../x509/pem.ts'
import type { Endpoints } from './endpoints.ts'
import { fail } from './errors.ts'
import { type Gathered, gather, type Supplied, type Want } from './gather.ts'
import type { CollateralSource, Fetched } from './source.ts'

const CHAIN_LENGTH = 3

/**
 * What Intel says of the platform that made a quote: TCB information of its family, identity of the quoting enclave,
 * revocation lists of the authority that certified it and of the root, and the chains that signed them. What was supplied is
 * not asked for.
 * Source: Intel PCS API v4.
 * @throws collateral/bad-evidence where the quote does not name its platform; what the parsers of supplied collateral throw
 */
export async function intelCollateral(
  { evidence, endorsements }: Supplied,
  source: CollateralSource,
  { intelPcs, intelRootCrl }: Pick<Endpoints, 'intelPcs' | 'intelRootCrl'>,
): Promise<Gathered> {
  const { fmspc, authority, root } = platformOf(evidence)
  const given = sortCollateral(endorsements)
  const hasList = ({ subject }: Certificate): boolean => given.crls.some(({ issuer }) => equalBytes(issuer, subject))
  const ca = authority.commonName === 'Intel SGX PCK Processor CA' ? 'processor' : 'platform'
  const wants: readonly (Want & { readonly isGiven: boolean })[] = [
    {
      what: `TCB information of family ${fmspc}`,
      request: { url: `${intelPcs}/tdx/certification/v4/tcb?fmspc=${fmspc.slice(2).toUpperCase()}` },
      read: withChain('tcb-info-issuer-chain'),
      isGiven: given.tcbInfos.some(({ body }) => body.fmspc === fmspc),
    },
    {
      what: 'identity of the quoting enclave',
      request: { url: `${intelPcs}/tdx/certification/v4/qe/identity` },
      read: withChain('sgx-enclave-identity-issuer-chain'),
      isGiven: given.qeIdentity !== null,
    },
    {
      what: `revocation list of the ${ca} authority`,
      request: { url: `${intelPcs}/sgx/certification/v4/pckcrl?ca=${ca}&encoding=der` },
      isGiven: hasList(authority),
    },
    { what: 'revocation list of Intel’s root', request: { url: intelRootCrl }, isGiven: hasList(root) },
  ]
  return gather(
    source,
    wants.filter(({ isGiven }) => !isGiven),
  )
}

const withChain =
  (header: string) =>
  ({ bytes, headers }: Fetched): readonly Uint8Array<ArrayBuffer>[] => [bytes, ...pemOfHeader(headers[header] ?? '')]

type Platform = { readonly fmspc: Hex; readonly authority: Certificate; readonly root: Certificate }

function platformOf(quote: Uint8Array): Platform {
  try {
    const { pckChain } = parseQuote(quote).signature
    const [leaf, authority, root] = parsePem(pckChain, 'CERTIFICATE', CHAIN_LENGTH, { allowTrailingNul: true }).map(
      (der) => parseCertificate(der),
    )
    if (leaf === undefined || authority === undefined || root === undefined) throw new Error('no chain')
    return { fmspc: parsePckCertificate(leaf).fmspc, authority, root }
  } catch (cause) {
    throw fail('bad-evidence', { expected: 'a TDX quote with its platform’s certificate', cause })
  }
}
