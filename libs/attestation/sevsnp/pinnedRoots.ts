import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { pinned } from './roots.ts'

/** What chains may end in, and the intermediates that AMD publishes. */
export type SevSnpRoots = {
  readonly arks: readonly Certificate[]
  readonly asks: readonly Certificate[]
  readonly asvks: readonly Certificate[]
}

/**
 * The roots pinned here, or others in their place, for tests. The published intermediates stay the same: under another root
 * they verify nothing.
 * @param roots DER
 * @throws x509/bad-der, x509/bad-certificate
 */
export function pinnedRoots(roots?: readonly Uint8Array[]): SevSnpRoots {
  const published = Object.values(pinned)
  return {
    arks: (roots ?? published.map(({ ark }) => fromBase64(ark))).map(parseCertificate),
    asks: published.map(({ ask }) => parseCertificate(fromBase64(ask))),
    asvks: published.map(({ asvk }) => parseCertificate(fromBase64(asvk))),
  }
}

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
