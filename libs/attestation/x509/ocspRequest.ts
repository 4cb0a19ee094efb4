import { certIdOf } from './certId.ts'
import type { Certificate } from './certificate.ts'
import { DER } from './der.ts'
import { encodeDer } from './encodeDer.ts'

// 1.3.6.1.5.5.7.48.1.2, id-pkix-ocsp-nonce.
const NONCE = Uint8Array.of(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02)

/**
 * An OCSP request (RFC 6960 4.1) about one certificate: the body of a POST as application/ocsp-request.
 * @param nonce 1 to 32 random bytes (RFC 8954), which `verifyOcsp` then looks for in the response
 */
export async function ocspRequest(
  certificate: Certificate,
  issuer: Certificate,
  nonce: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const { sequence, oid, octets } = DER
  const asked = encodeDer(sequence, await certIdOf(certificate, issuer, 'SHA-384'))
  const extension = encodeDer(sequence, encodeDer(oid, NONCE), encodeDer(octets, encodeDer(octets, nonce)))
  const extensions = encodeDer(0xa2, encodeDer(sequence, extension))
  return encodeDer(sequence, encodeDer(sequence, encodeDer(sequence, asked), extensions))
}
