import { fromBase64Url, utf8 } from '@allod/protocol'
import { parsePem } from '../../x509/pem.ts'
import { canonicalise, canonicalNamespaces } from './canonicalise.ts'
import { fail } from './errors.ts'
import type { XmlElement } from './xml.ts'

/** What a manifest's signature says, not yet verified. */
export type XmlSignature = {
  /** The canonical document without its signature: what `digest` is of. */
  readonly signed: Uint8Array<ArrayBuffer>
  /** SHA-384, 48 bytes. */
  readonly digest: Uint8Array
  /** The canonical SignedInfo: what `signature` is over. */
  readonly signedInfo: Uint8Array<ArrayBuffer>
  /** r ‖ s on P-384, 96 bytes. */
  readonly signature: Uint8Array
  /** DER, leaf first, as KeyInfo has them. */
  readonly certificates: readonly Uint8Array[]
}

const DS = 'http://www.w3.org/2000/09/xmldsig#'
const C14N = 'http://www.w3.org/2006/12/xml-c14n11'
const MAX_CERTIFICATES = 8

/**
 * Reads the one signature of a document, in NVIDIA's one profile of XML-DSig: the last child of the root, enveloped, over the
 * whole document (URI=""), Canonical XML 1.1, SHA-384, ECDSA on P-384, certificates in KeyInfo. As there is one profile, the
 * canonical SignedInfo is a constant with the digest as its only hole: another algorithm, transform, reference or prefix is
 * another text. No element of XML-DSig may stand anywhere else, so nothing signed can be moved beside what is read.
 * @throws rim/profile-not-supported
 */
export function readXmlSignature(root: XmlElement): XmlSignature {
  const signature = root.children.at(-1)
  if (typeof signature !== 'object' || !isDs(signature, 'Signature')) throw bad('a signature at the end')
  if (root.children.some((child) => child !== signature && hasDs(child))) throw bad('one signature')
  const [info, value, key] = elements(signature, ['SignedInfo', 'SignatureValue', 'KeyInfo'])
  const inherited = [...root.namespaces, ...signature.namespaces]
  const signedInfo = canonicalise(info, { inherited })
  const digest = DIGEST.exec(signedInfo)?.[1] ?? ''
  if (signedInfo !== profile(canonicalNamespaces(inherited), digest)) throw bad('its one profile')
  return {
    signed: utf8(canonicalise(root, { without: signature })),
    digest: base64(digest, 48),
    signedInfo: utf8(signedInfo),
    signature: base64(textOf(value), 96),
    certificates: certificatesOf(key),
  }
}

const DIGEST = /<ds:DigestValue>([A-Za-z0-9+/]{64})<\/ds:DigestValue>/

const profile = (namespaces: string, digest: string): string =>
  `<ds:SignedInfo${namespaces}>` +
  `<ds:CanonicalizationMethod Algorithm="${C14N}"></ds:CanonicalizationMethod>` +
  '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"></ds:SignatureMethod>' +
  '<ds:Reference URI=""><ds:Transforms>' +
  `<ds:Transform Algorithm="${DS}enveloped-signature"></ds:Transform><ds:Transform Algorithm="${C14N}"></ds:Transform>` +
  '</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#sha384"></ds:DigestMethod>' +
  `<ds:DigestValue>${digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>`

const isDs = (element: XmlElement, local: string): boolean => element.uri === DS && element.local === local

const hasDs = (node: XmlElement | string): boolean =>
  typeof node === 'object' && (node.uri === DS || node.children.some(hasDs))

// KeyInfo is not signed: nothing may stand in it but what is used.
function certificatesOf(key: XmlElement): readonly Uint8Array[] {
  const [data] = elements(key, ['X509Data'])
  const count = data.children.length
  if (count < 1 || count > MAX_CERTIFICATES) throw bad('certificates')
  const certificates = elements(data, Array<string>(count).fill('X509Certificate'))
  try {
    // Their text is the inside of PEM, line by line.
    return certificates.flatMap((one) =>
      parsePem(utf8(`-----BEGIN CERTIFICATE-----\n${textOf(one)}-----END CERTIFICATE-----\n`), 'CERTIFICATE', 1),
    )
  } catch (cause) {
    throw fail('profile-not-supported', { expected: 'certificates in base64', cause })
  }
}

// Exactly these children, in this order, with nothing between them and no attributes on their parent.
function elements<const T extends readonly string[]>(parent: XmlElement, names: T): { [K in keyof T]: XmlElement } {
  const { children, attributes, namespaces, local } = parent
  const isBare = attributes.length === 0 && (namespaces.length === 0 || local === 'Signature')
  const found = children.filter((child, i) => typeof child === 'object' && isDs(child, names[i] ?? ''))
  if (!isBare || found.length !== names.length || children.length !== names.length) throw bad(names.join(', '))
  return found as { [K in keyof T]: XmlElement }
}

function textOf({ children, attributes, namespaces }: XmlElement): string {
  const [text] = children
  if (typeof text !== 'string' || children.length !== 1 || attributes.length + namespaces.length > 0) throw bad('text')
  return text
}

// 48 and 96 bytes are whole groups of three: no padding, no spare bits.
function base64(text: string, sizeBytes: 48 | 96): Uint8Array {
  if (text.length !== (sizeBytes / 3) * 4 || !/^[A-Za-z0-9+/]*$/.test(text)) throw bad(`${sizeBytes} bytes`)
  return fromBase64Url(text.replaceAll('+', '-').replaceAll('/', '_'))
}

const bad = (expected: string) => fail('profile-not-supported', { expected })
