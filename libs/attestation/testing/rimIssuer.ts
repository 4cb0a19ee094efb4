import { concat, fromUtf8, sha384, utf8 } from '@allod/protocol'
import { canonicalise } from '../nvidia/rim/canonicalise.ts'
import { parseXml, type XmlElement } from '../nvidia/rim/xml.ts'
import { issueCertificate, type TestCertificate } from './issue.ts'
import { pemOf } from './pemOf.ts'
import { newTestKey } from './testKey.ts'

/** Who signs test manifests: leaf first, our own root last, as KeyInfo has them. */
export type RimSigner = { readonly chain: readonly TestCertificate[] }

/** A chain as NVIDIA's: signer, authority of the chip, authority, root. */
export async function newRimSigner(facts: { notBefore?: number; notAfter?: number } = {}): Promise<RimSigner> {
  const [rootKey, l2Key, l3Key, key] = await Promise.all(Array.from({ length: 4 }, () => newTestKey('P-384')))
  if (!rootKey || !l2Key || !l3Key || !key) throw new Error('no keys')
  const root = await issueCertificate({ subject: 'Test CoRIM signing Root CA', key: rootKey, isCa: true })
  const l2 = await issueCertificate({ subject: 'Test Reference Value CA', key: l2Key, issuer: root, isCa: true })
  const l3 = await issueCertificate({ subject: 'Test L3', key: l3Key, issuer: l2, isCa: true, pathLength: 0 })
  const leaf = await issueCertificate({ subject: 'Test RIM L4 Signer', key, issuer: l3, ...facts })
  return { chain: [leaf, l3, l2, root] }
}

/** One measurement of a manifest's payload. */
export type TestMeasurement = { readonly index: number; readonly isActive: boolean; readonly hashes: readonly string[] }

export type RimFacts = {
  readonly version: string
  readonly chip?: string
  readonly edition?: string
  readonly measurements: readonly TestMeasurement[]
  /** Changes the text before it is signed. */
  readonly edit?: (text: string) => string
}

const SWID = 'http://standards.iso.org/iso/19770/-2/2015/schema.xsd'

/** A manifest's text without a signature, as NVIDIA writes it. */
export function rimText({
  version,
  chip = 'GH100',
  edition = 'GPU',
  measurements,
  edit = (same) => same,
}: RimFacts): string {
  const resources = measurements.map(
    ({ index, isActive, hashes }) =>
      `        <ns0:Resource type="Measurement" index="${index}" active="${isActive ? 'True' : 'False'}" alternatives="${hashes.length}"${hashes
        .map((hash, i) => ` ns2:Hash${i}="${hash}"`)
        .join('')} name="Measurement_${index}" size="48"/>\n`,
  )
  return edit(
    `<SoftwareIdentity xmlns="${SWID}" xmlns:ns0="${SWID}" xmlns:ns2="http://www.w3.org/2001/04/xmlenc#sha384" corpus="false" name="${chip}" patch="false" supplemental="false" tagId="test-${version}" version="1.0" tagVersion="0">\n` +
      '    <ns0:Entity name="Test Corporation" role="softwareCreator tagCreator"/>\n' +
      `    <ns0:Meta xmlns:ns1="https://trustedcomputinggroup.org/resource/tcg-reference-integrity-manifest-rim-information-model/" colloquialVersion="${version}" edition="${edition}" product="${chip}" revision="r1" PayloadType="direct" ns1:BindingSpec="RIMIM" ns1:PlatformModel="${chip}"/>\n` +
      `    <ns0:Payload xmlns:SHA384="http://www.w3.org/2001/04/xmlenc#sha384">\n${resources.join('')}    </ns0:Payload>\n` +
      '</SoftwareIdentity>',
  )
}

export type SignatureFacts = {
  /** Changes SignedInfo before it is signed. */
  readonly signedInfo?: (text: string) => string
  /** Changes ds:Signature afterwards. */
  readonly signature?: (text: string) => string
  /** Instead of the chain's own. */
  readonly certificates?: readonly Uint8Array[]
  /** Instead of the leaf. */
  readonly signer?: TestCertificate
}

const DS = 'http://www.w3.org/2000/09/xmldsig#'
const C14N = 'http://www.w3.org/2006/12/xml-c14n11'

/** Signs a text in NVIDIA's profile: the signature becomes the root's last child. */
export async function signRim(
  text: string,
  { chain }: RimSigner,
  facts: SignatureFacts = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { signedInfo = (same) => same, signature = (same) => same } = facts
  const digest = base64(sha384(utf8(canonicalise(parseXml(utf8(text))))))
  const info = signedInfo(
    `<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="${C14N}"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"/><ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="${DS}enveloped-signature"/><ds:Transform Algorithm="${C14N}"/></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#sha384"/><ds:DigestValue>${digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>`,
  )
  const key = (facts.signer ?? chain[0])?.key
  const value = await key?.signRaw(canonicalInfo(text, info))
  const certificates = facts.certificates ?? chain.map((certificate) => certificate.der)
  const whole = signature(
    `<ds:Signature xmlns:ds="${DS}">${info}<ds:SignatureValue>${base64(value ?? new Uint8Array())}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>${certificates.map(certificateText).join('')}</ds:X509Data></ds:KeyInfo></ds:Signature>`,
  )
  const end = text.lastIndexOf('</')
  return utf8(`${text.slice(0, end)}${whole}${text.slice(end)}\n`)
}

// SignedInfo as it is signed: with the namespaces that are in scope where it stands.
function canonicalInfo(text: string, info: string): Uint8Array {
  const open = text.slice(0, text.indexOf('>') + 1)
  const close = text.slice(text.lastIndexOf('</'))
  const root = parseXml(utf8(`${open}<ds:Signature xmlns:ds="${DS}">${info}</ds:Signature>${close}`))
  const signature = root.children[0] as XmlElement
  const inherited = [...root.namespaces, ...signature.namespaces]
  return utf8(canonicalise(signature.children[0] as XmlElement, { inherited }))
}

const base64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(''))

function certificateText(der: Uint8Array): string {
  const lines = fromUtf8(concat(pemOf('CERTIFICATE', der)))
    .split('\n')
    .slice(1, -2)
  return `<ds:X509Certificate>${lines.join('\n')}\n</ds:X509Certificate>`
}
