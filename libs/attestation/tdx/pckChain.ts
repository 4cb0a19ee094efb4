import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { fail as failX509 } from '../x509/errors.ts'
import { parseOnce } from '../x509/parseOnce.ts'
import { parsePem } from '../x509/pem.ts'
import { type Pin, type PinnedRoot, pinnedRoot } from '../x509/pinnedRoot.ts'
import { fail } from './errors.ts'
import { type PckCertificate, parsePckCertificate } from './pckCertificate.ts'

/** The chain that a quote carries. Nothing in it is believed yet, the root excepted, which is a pinned one. */
export type PckChain = { readonly pck: PckCertificate; readonly ca: Certificate; readonly root: PinnedRoot }

/** Intel has two authorities under its root: for platforms of several packages, and for processors of one. */
const AUTHORITIES: readonly (string | null)[] = ['Intel SGX PCK Platform CA', 'Intel SGX PCK Processor CA']
const CERTIFICATES = 3

/**
 * Reads the chain of a quote: leaf, authority, and a pinned root, which it must bring along.
 * @throws x509/bad-pem, x509/bad-der, x509/bad-certificate, x509/root-untrusted, tdx/bad-pck-certificate
 */
export async function parsePckChain(pem: Uint8Array, roots: readonly Pin[]): Promise<PckChain> {
  const blocks = parsePem(pem, 'CERTIFICATE', CERTIFICATES, { allowTrailingNul: true })
  if (blocks.length !== CERTIFICATES)
    throw fail('bad-pck-certificate', { expected: `${CERTIFICATES} certificates`, actual: blocks.length })
  const [leaf, ca, last] = blocks as [Uint8Array, Uint8Array, Uint8Array]
  const root = await pinnedRoot(last, roots)
  if (root === null) throw failX509('root-untrusted', { expected: 'a pinned root', actual: 'another' })
  const authority = parseOnce(ca)
  if (!AUTHORITIES.includes(authority.commonName))
    throw fail('bad-pck-certificate', { expected: AUTHORITIES.join(' or '), actual: authority.commonName })
  return { pck: parsePckCertificate(parseCertificate(leaf)), ca: authority, root }
}
