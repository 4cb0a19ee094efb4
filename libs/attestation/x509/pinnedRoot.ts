import { equalBytes, type Hex, toHex } from '@allod/protocol'
import { digest } from '../digest.ts'
import { type Certificate, parseCertificate } from './certificate.ts'

/** A root as it is pinned: the SHA-256 of its certificate, which every chain brings along; or, of one's own, its DER. */
export type Pin = Hex | Uint8Array

/** A certificate that is a pinned one to the last byte, and its SHA-256. */
export type PinnedRoot = { readonly certificate: Certificate; readonly id: Hex }

// Roots come with every piece of evidence; each pinned one that came is hashed, parsed, and its key imported, once.
const met: PinnedRoot[] = []

/** The pinned root that these bytes are; null where they are none. @throws x509/bad-der, x509/bad-certificate */
export async function pinnedRoot(given: Uint8Array, pins: readonly Pin[]): Promise<PinnedRoot | null> {
  // A copy of its own: the caller's bytes may be changed while they are hashed, and after they were believed.
  const der = given.slice()
  const known = met.find(({ certificate }) => equalBytes(certificate.der, der))
  const id = known?.id ?? toHex(await digest('SHA-256', der))
  if (!pins.some((pin) => (typeof pin === 'string' ? pin === id : equalBytes(pin, der)))) return null
  const root = known ?? { certificate: parseCertificate(der), id }
  if (known === undefined) met.push(root)
  return root
}
