import { concat, fromHex, utf8 } from '@allod/protocol'
import type { Certificate } from '../x509/certificate.ts'
import { type PinnedRoot, pinnedRoot } from '../x509/pinnedRoot.ts'
import { type Ark, arks } from './roots.ts'

/** The roots pinned here. */
export const pinnedRoots = (): readonly PinnedRoot[] =>
  arks.map((ark) => ({ certificate: trustAnchor(ark), id: ark.certificate }))

/** Roots of one's own, for tests. @param der each @throws x509/bad-der, x509/bad-certificate */
export const ownRoots = async (der: readonly Uint8Array[]): Promise<readonly PinnedRoot[]> =>
  (await Promise.all(der.map((root) => pinnedRoot(root, der)))).filter((root) => root !== null)

// OU=Engineering, C=US, L=Santa Clara, ST=CA, O=Advanced Micro Devices, CN=(nine characters)
const NAME =
  '0x307b31143012060355040b0c0b456e67696e656572696e67310b30090603550406130255533114301206035504070c0b53616e746120436c617261310b300906035504080c024341311f301d060355040a0c16416476616e636564204d6963726f20446576696365733112301006035504030c09'

// A trust anchor is a name and a key (RFC 5280 6.1.1 d); the rest of a root's certificate is its own word for itself.
function trustAnchor({ product, notBefore, notAfter, spki }: Ark): Certificate {
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
