import { fromHex } from '@allod/protocol'
import { digest } from '../digest.ts'
import type { Certificate } from './certificate.ts'
import { DER, readDer } from './der.ts'
import { derBits, derSequence } from './derValues.ts'
import { encodeDer } from './encodeDer.ts'

/** The hashes by which a CertID names an issuer. */
export type CertIdHash = 'SHA-256' | 'SHA-384'

/** The algorithms of the hashes: AlgorithmIdentifier with NULL, or without parameters. */
const OIDS = {
  'SHA-256': Uint8Array.of(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01),
  'SHA-384': Uint8Array.of(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02),
} as const

/**
 * The raw CertID (RFC 6960 4.1.1) of a certificate: hashes of its issuer's name and key, and its serial. NVIDIA's service is
 * asked with SHA-384; SHA-1, the web's habit, is nobody's here and not offered.
 * @param hasNull whether the hash's AlgorithmIdentifier has a NULL, as OpenSSL writes it; responders may leave it out
 */
export async function certIdOf(
  certificate: Certificate,
  issuer: Certificate,
  hash: CertIdHash,
  hasNull = true,
): Promise<Uint8Array<ArrayBuffer>> {
  const [, key] = derSequence(readDer(issuer.spki), 2, 2)
  const serial = fromHex(certificate.serial)
  return encodeDer(
    DER.sequence,
    encodeDer(DER.sequence, encodeDer(DER.oid, OIDS[hash]), ...(hasNull ? [encodeDer(DER.null)] : [])),
    encodeDer(DER.octets, await digest(hash, issuer.subject)),
    encodeDer(DER.octets, await digest(hash, derBits(key))),
    encodeDer(DER.integer, Uint8Array.of(...((serial[0] as number) >= 0x80 ? [0] : [])), serial),
  )
}
