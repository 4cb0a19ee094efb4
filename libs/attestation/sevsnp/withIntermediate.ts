import { equalBytes, fromHex } from '@allod/protocol'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { parseEndorsements } from './endorsements.ts'
import { intermediates } from './intermediates.ts'

/**
 * Endorsements with the authority that AMD publishes above their VCEK or VLEK added, where they lack it: for whoever has the
 * chip's certificate alone and is offline. Apart from the verifier, so that a bundle without this use is smaller.
 * @throws sevsnp/bad-endorsement and what else the endorsements themselves end in
 */
export function withIntermediate(endorsements: readonly Uint8Array[]): readonly Uint8Array[] {
  const { vcek, vlek, ask, asvk } = parseEndorsements(endorsements)
  const wanted = [ask === null ? vcek : null, asvk === null ? vlek : null].filter((vek) => vek !== null)
  return [...endorsements, ...wanted.flatMap(issuersOf)]
}

const issuersOf = (vek: Certificate): readonly Uint8Array[] =>
  intermediates
    .map((hex) => parseCertificate(fromHex(`0x${hex}`)))
    .flatMap(({ subject, der }) => (equalBytes(subject, vek.issuer) ? [der] : []))
