import { equalBytes, type Hex, toHex } from '@allod/protocol'
import { digest } from '../digest.ts'
import { type Certificate, parseCertificate } from './certificate.ts'

/** A root as it is pinned: the SHA-256 of its certificate, which every chain brings along; or, of one's own, its DER. */
export type Pin = Hex | Uint8Array

/** A certificate that is a pinned one to the last byte, and its SHA-256. */
export type PinnedRoot = { readonly certificate: Certificate; readonly id: Hex }

// Roots come with every piece of evidence, and are parsed and their keys imported once. The name is a hash of all there is.
const parsed = new Map<Hex, PinnedRoot>()

/** The pinned root that these bytes are; null where they are none. @throws x509/bad-der, x509/bad-certificate */
export async function pinnedRoot(der: Uint8Array, pins: readonly Pin[]): Promise<PinnedRoot | null> {
  const id = toHex(await digest('SHA-256', der))
  if (!pins.some((pin) => (typeof pin === 'string' ? pin === id : equalBytes(pin, der)))) return null
  const root = parsed.get(id) ?? { certificate: parseCertificate(der), id }
  parsed.set(id, root)
  return root
}
