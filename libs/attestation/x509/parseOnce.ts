import { equalBytes } from '@allod/protocol'
import { type Certificate, parseCertificate } from './certificate.ts'

const MAX_REMEMBERED = 32
const remembered: Certificate[] = []

/**
 * Parses a certificate that comes again with every piece of evidence: an authority's, or that of who signs a vendor's lists. The
 * last thirty-two are remembered, each by all its bytes, so that its key is imported and its issuer's signature checked once.
 * Whether it is valid now, may sign, and is not revoked is asked each time.
 * @param isKept which are remembered, where others may come the same way: a machine's own would push out those of all
 * @throws as parseCertificate
 */
export function parseOnce(der: Uint8Array, isKept = (_: Certificate): boolean => true): Certificate {
  const known = remembered.find((certificate) => equalBytes(certificate.der, der))
  if (known !== undefined) return known
  // A copy of its own: the caller's bytes may be changed after they were believed.
  const certificate = parseCertificate(der.slice())
  if (isKept(certificate)) remembered.push(certificate)
  if (remembered.length > MAX_REMEMBERED) remembered.shift()
  return certificate
}
