import { concat, fromHex, type Hex, sha256, toHex, utf8 } from '@allod/protocol'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { arks, type PinnedRoot } from './roots.ts'

/** What a chain may end in: a certificate's facts, and the SHA-256 of its DER. */
export type SevSnpRoot = { readonly certificate: Certificate; readonly id: Hex }

/** The roots pinned here. */
export const pinnedRoots = (): readonly SevSnpRoot[] =>
  arks.map((ark) => ({ certificate: trustAnchor(ark), id: ark.certificate }))

/** Roots of one's own, for tests. @param der each @throws x509/bad-der, x509/bad-certificate */
export const ownRoots = (der: readonly Uint8Array[]): readonly SevSnpRoot[] =>
  der.map((root) => ({ certificate: parseCertificate(root), id: toHex(sha256(root)) }))

// OU=Engineering, C=US, L=Santa Clara, ST=CA, O=Advanced Micro Devices, CN=(nine characters)
const NAME =
  '0x307b31143012060355040b0c0b456e67696e656572696e67310b30090603550406130255533114301206035504070c0b53616e746120436c617261310b300906035504080c024341311f301d060355040a0c16416476616e636564204d6963726f20446576696365733112301006035504030c09'

// A trust anchor is a name and a key (RFC 5280 6.1.1 d); the rest of a root's certificate is its own word for itself.
function trustAnchor({ product, notBefore, notAfter, spki }: PinnedRoot): Certificate {
  const commonName = `ARK-${product}`
  const name = concat(fromHex(NAME), utf8(commonName))
  const none = new Uint8Array()
  return {
    der: none,
    tbs: none,
    signatureAlgorithm: 'rsa-pss-sha384',
    signature: none,
    serial: '0x00',
    issuer: name,
    subject: name,
    commonName,
    notBefore: Date.parse(notBefore) / 1000,
    notAfter: Date.parse(notAfter) / 1000,
    spki: Uint8Array.from(atob(spki), (c) => c.charCodeAt(0)),
    extensions: new Map(),
    isCa: true,
    pathLength: null,
    keyUsage: new Set(['keyCertSign', 'cRLSign']),
  }
}
