// Writes rim.json: reference manifests of our own test root, a positive of each sort and a negative for each way to fail.
// Keys are fresh at each run, so each run writes another file: `node libs/attestation/vectors/makeRim.ts`.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { concat, fromUtf8, utf8 } from '@allod/protocol'
import { issueCertificate } from '../testing/issue.ts'
import { newRimSigner, type RimFacts, rimText, type SignatureFacts, signRim } from '../testing/rimIssuer.ts'
import type { VectorCase } from '../testing/runVectors.ts'
import { newTestKey } from '../testing/testKey.ts'

const NOW = 1_790_000_000
const YEAR = 31_536_000

const signer = await newRimSigner({ notBefore: NOW - YEAR, notAfter: NOW + YEAR })
const stranger = await newRimSigner()
const [leaf, l3, l2, root] = signer.chain
if (!leaf || !l3 || !l2 || !root) throw new Error('no chain')
const certificates = signer.chain.map((certificate) => certificate.der)

const hash = (byte: number): string => byte.toString(16).padStart(2, '0').repeat(48)
const measurements = [
  { index: 0, isActive: false, hashes: [hash(0)] },
  { index: 7, isActive: true, hashes: [hash(7)] },
  { index: 9, isActive: true, hashes: [hash(1), hash(2)] },
]
const driver: RimFacts = { version: '580.95.05', measurements }
const text = (facts: Partial<RimFacts> = {}): string => rimText({ ...driver, ...facts })
const sign = (facts: Partial<RimFacts> = {}, how: SignatureFacts = {}) => signRim(text(facts), signer, how)
const replaced = (from: string | RegExp, to: string) => (of: string) => {
  if (of.replace(from, to) === of) throw new Error(`nothing like ${from}`)
  return of.replace(from, to)
}
const good = await sign()
/** Changes the file after it was signed. */
const after = (from: string | RegExp, to: string): Uint8Array => utf8(replaced(from, to)(fromUtf8(good)))
/** Signs a document that says something else. */
const saying = (from: string | RegExp, to: string) => sign({ edit: replaced(from, to) })
/** Signs in another profile. */
const profile = (from: string | RegExp, to: string) => sign({}, { signedInfo: replaced(from, to) })
/** Changes ds:Signature around what was signed. */
const around = (from: string | RegExp, to: string) => sign({}, { signature: replaced(from, to) })

const blobs: Record<string, Uint8Array> = { root: root.der }
const cases: VectorCase[] = []
function add(expect: string, name: string, evidence: Uint8Array, more: Partial<VectorCase> = {}): void {
  const same = Object.entries(blobs).find(([, blob]) => Buffer.from(blob).equals(evidence))?.[0]
  const blob = same ?? `rim-${Object.keys(blobs).length}`
  blobs[blob] = evidence
  cases.push({ name, evidence: blob, endorsements: [], ...more, expect })
}
const refuse = (code: string, name: string, evidence: Uint8Array, more?: Partial<VectorCase>): void =>
  add(`rim/${code}`, name, evidence, more)

add('accepted', 'a driver', good)
add('accepted', 'a VBIOS', await sign({ version: '96.00.5E.00.01' }))
add('accepted', 'a switch', await sign({ version: '96.10.55.00.01', chip: 'LS10', edition: 'SWITCH' }))
add('accepted', 'without a line end, as some are', good.subarray(0, -1))
add('accepted', 'characters beyond ASCII', await saying('Test Corporation', 'Prüfgesellschaft 🜛'))
add(
  'accepted',
  'attributes in another order, which the canonical form does not know',
  after('patch="false" supplemental="false"', 'supplemental="false" patch="false"'),
)
const expired = { now: NOW + YEAR + 1 }
add('attestation/reference-signer-expired', 'a signer whose dates have run out', good, expired)
add('accepted', 'the same where a policy names it', good, {
  ...expired,
  policy: { exceptions: ['reference-signer-expired'] },
})

// What fails before anything is looked at need not be a manifest.
const plain = '<a xmlns="urn:a" xmlns:b="urn:b" c="d">\n<b:e xmlns:f="urn:f" g="h" f:i="j">k</b:e>\n</a>\n'
refuse('profile-not-supported', 'XML of another kind', utf8(plain))
for (const [name, from, to] of [
  ['a document type', /^/, '<!DOCTYPE a>\n'],
  ['an entity that grows', /^/, '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]>'],
  ['an XML declaration', /^/, '<?xml version="1.0" encoding="UTF-8"?>\n'],
  ['a byte order mark', /^/, '\ufeff'],
  ['space in front', /^/, '\n'],
  ['a comment', '<b:e', '<!-- --><b:e'],
  ['a comment inside of text', '>k<', '>k<!---->k<'],
  ['a processing instruction', '<b:e', '<?l m?><b:e'],
  ['CDATA', '>k<', '><![CDATA[k]]><'],
  ['a predefined entity', '"h"', '"&amp;"'],
  ['a character reference', '"h"', '"&#32;"'],
  ['an entity in text', '>k<', '>&lt;<'],
  ['a lone greater-than sign', '>k<', '>k><'],
  ['a carriage return', '\n<b:e', '\r\n<b:e'],
  ['a NUL', '>k<', '>\0<'],
  ['a C1 control', '>k<', '>\u0085<'],
  ['a character that is none', '>k<', '>\uffff<'],
  ['a line end in a value', '"h"', '"h\n"'],
  ['a tabulator in a value', '"h"', '"h\t"'],
  ['a less-than sign in a value', '"h"', '"<"'],
  ['single quotes', '"h"', "'h'"],
  ['no quotes', '"h"', 'h'],
  ['two spaces between attributes', ' g=', '  g='],
  ['a line end between attributes', ' g=', '\ng='],
  ['space around the equals sign', 'g="h"', 'g = "h"'],
  ['space before the end of a tag', 'f:i="j">', 'f:i="j" >'],
  ['space in an end tag', '</b:e>', '</b:e >'],
  ['an attribute twice', 'g="h"', 'g="h" g="h"'],
  ['an attribute twice under two prefixes', 'xmlns:f="urn:f"', 'xmlns:f="urn:f" xmlns:l="urn:f" l:i="j"'],
  ['a declaration twice', 'xmlns:f="urn:f"', 'xmlns:f="urn:f" xmlns:f="urn:f"'],
  ['an xml: attribute', 'g="h"', 'xml:lang="en"'],
  ['the prefix xml declared', 'xmlns:f="urn:f"', 'xmlns:f="urn:f" xmlns:xml="http://www.w3.org/XML/1998/namespace"'],
  ['a prefix declared again', 'xmlns:f="urn:f"', 'xmlns:f="urn:f" xmlns:b="urn:l"'],
  ['the default namespace declared again', 'xmlns:f="urn:f"', 'xmlns:f="urn:f" xmlns="urn:l"'],
  ['a prefix undeclared', 'xmlns:f="urn:f"', 'xmlns:f="urn:f" xmlns:b=""'],
  ['a relative namespace', '"urn:f"', '"f"'],
  ['a prefix that nobody declared', '<b:e', '<l:e'],
  ['an attribute’s prefix that nobody declared', 'f:i', 'l:i'],
  ['a name with two colons', '<b:e', '<b:e:e'],
  ['a name that starts with a digit', '<b:e', '<b:0'],
  ['another end tag', '</b:e>', '</b:f>'],
  ['elements that overlap', 'k</b:e>\n</a>', 'k</a></b:e>\n'],
  ['a second root', /$/, '<a/>'],
  ['text after the end', /$/, 'x'],
  ['an end that is missing', '</a>\n', ''],
] as const)
  refuse('bad-xml', name, utf8(replaced(from, to)(plain)))
refuse('bad-xml', 'bytes that are not UTF-8', concat(utf8(plain), Uint8Array.of(0xff)))
refuse('bad-xml', 'a surrogate in UTF-8', concat(Uint8Array.of(0x3c, 0x61, 0x3e, 0xed, 0xa0, 0x80), utf8('</a>')))
refuse('bad-xml', 'nothing', new Uint8Array())

refuse('too-large', 'seventeen levels', utf8(`${'<a>'.repeat(17)}${'</a>'.repeat(17)}`))
refuse('too-large', 'thousands of elements', utf8(`<a>${'<a/>'.repeat(2048)}</a>`))
refuse('too-large', 'sixty-five attributes', utf8(`<a${Array.from({ length: 65 }, (_, i) => ` a${i}=""`).join('')}/>`))

const SIGNATURE = /<ds:Signature .*<\/ds:Signature>/s
const signature = SIGNATURE.exec(fromUtf8(good))?.[0] ?? ''
const other = fromUtf8(await saying(hash(7), hash(8)))
for (const [name, evidence] of [
  ['no signature', after(SIGNATURE, '')],
  ['two signatures', after('</SoftwareIdentity>', `${signature}</SoftwareIdentity>`)],
  ['a signature that is not the last', after('</ds:Signature>', '</ds:Signature>\n')],
  [
    'the signed document wrapped into another',
    utf8(
      other.replace(
        SIGNATURE,
        `<o:Object xmlns:o="http://www.w3.org/2000/09/xmldsig#">${fromUtf8(good).trim().replace(' xmlns="http://standards.iso.org/iso/19770/-2/2015/schema.xsd" xmlns:ns0="http://standards.iso.org/iso/19770/-2/2015/schema.xsd" xmlns:ns2="http://www.w3.org/2001/04/xmlenc#sha384"', '')}</o:Object>`,
      ),
    ),
  ],
  ['the payload in an Object of the signature', await around('</ds:KeyInfo>', '</ds:KeyInfo><ds:Object></ds:Object>')],
  [
    'an element of XML-DSig beside it',
    after('<ns0:Entity', '<ds:Object xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/><ns0:Entity'),
  ],
  [
    'exclusive canonicalisation',
    await profile(
      'http://www.w3.org/2006/12/xml-c14n11"/><ds:SignatureMethod',
      'http://www.w3.org/2001/10/xml-exc-c14n#"/><ds:SignatureMethod',
    ),
  ],
  ['SHA-256 in the signature', await profile('#ecdsa-sha384', '#ecdsa-sha256')],
  [
    'HMAC',
    await profile('http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384', 'http://www.w3.org/2000/09/xmldsig#hmac-sha1'),
  ],
  ['SHA-256 in the digest', await profile('xmldsig-more#sha384', 'xmlenc#sha256')],
  ['a reference to a part', await profile('URI=""', 'URI="#payload"')],
  ['no reference at all', await profile(/<ds:Reference.*<\/ds:Reference>/, '')],
  ['two references', await profile(/(<ds:Reference.*<\/ds:Reference>)/, '$1$1')],
  [
    'a transform more',
    await profile(
      '</ds:Transforms>',
      '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"/></ds:Transforms>',
    ),
  ],
  [
    'a transform less',
    await profile(
      '<ds:Transform Algorithm="http://www.w3.org/2006/12/xml-c14n11"/></ds:Transforms>',
      '</ds:Transforms>',
    ),
  ],
  ['an id on SignedInfo', await profile('<ds:SignedInfo>', '<ds:SignedInfo Id="a">')],
  ['space in SignedInfo', await profile('<ds:Reference', '\n<ds:Reference')],
  ['an id on the signature', await around('<ds:Signature xmlns', '<ds:Signature Id="a" xmlns')],
  ['space between its parts', await around('</ds:SignedInfo>', '</ds:SignedInfo>\n')],
  [
    'parts in another order',
    await around(/(<ds:SignatureValue>.*?<\/ds:SignatureValue>)(<ds:KeyInfo>.*<\/ds:KeyInfo>)/s, '$2$1'),
  ],
  ['a bare key beside the certificates', await around('<ds:KeyInfo>', '<ds:KeyInfo><ds:KeyValue/>')],
  ['no certificate', await sign({}, { certificates: [] })],
  ['nine certificates', await sign({}, { certificates: Array(9).fill(leaf.der) })],
  ['a certificate’s text with spaces', await around('<ds:X509Certificate>', '<ds:X509Certificate> ')],
  ['a signature of another length', await around('<ds:SignatureValue>', '<ds:SignatureValue>AAAA')],
  ['a signature with line ends', await around('<ds:SignatureValue>', '<ds:SignatureValue>\n')],
  ['a signature in base64url', await around(/<ds:SignatureValue>[^<]*/, `<ds:SignatureValue>${'A'.repeat(127)}-`)],
  ['an empty signature', await around(/<ds:SignatureValue>[^<]*/, '<ds:SignatureValue>')],
  ['an id on the signature’s value', await around('<ds:SignatureValue>', '<ds:SignatureValue Id="a">')],
  ['an element behind the signature’s value', await around('</ds:SignatureValue>', '<ds:a/></ds:SignatureValue>')],
  ['an id on a certificate', await around('<ds:X509Certificate>', '<ds:X509Certificate Id="a">')],
  ['a digest that is not base64', await profile('<ds:DigestValue>', '<ds:DigestValue>-')],
] as const)
  refuse('profile-not-supported', name, evidence)

const ownKey = await newTestKey('P-384')
const caLeaf = await issueCertificate({
  subject: 'CA',
  key: ownKey,
  issuer: l3,
  isCa: true,
  keyUsage: ['digitalSignature', 'keyCertSign'],
})
const noUse = await issueCertificate({ subject: 'No use', key: ownKey, issuer: l3, keyUsage: ['keyAgreement'] })
const foreign = await issueCertificate({
  subject: 'Foreign',
  key: ownKey,
  issuer: { subject: l3.subject, key: ownKey },
})
const signedBy = (certificate: typeof leaf) =>
  sign({}, { signer: certificate, certificates: [certificate.der, ...certificates.slice(1)] })
const twin = await issueCertificate({ subject: root.subject, key: root.key, isCa: true, serial: 2 })
refuse('bad-chain', 'another root', await signRim(text(), stranger))
refuse('bad-chain', 'the root missing', await sign({}, { certificates: certificates.slice(0, 3) }))
refuse('bad-chain', 'an authority missing', await sign({}, { certificates: [leaf.der, l2.der, root.der] }))
refuse('bad-chain', 'a certificate more', await sign({}, { certificates: [leaf.der, ...certificates] }))
refuse(
  'bad-chain',
  'certificates in another order',
  await sign({}, { certificates: [leaf.der, l2.der, l3.der, root.der] }),
)
refuse(
  'bad-chain',
  'the root’s key in another certificate',
  await sign({}, { certificates: [...certificates.slice(0, 3), twin.der] }),
)
refuse('bad-chain', 'a signer that is an authority', await signedBy(caLeaf))
refuse('bad-chain', 'a signer whose key is not for signing', await signedBy(noUse))
refuse('bad-chain', 'a signer that its issuer did not sign', await signedBy(foreign))
refuse(
  'bad-chain',
  'a certificate that is none',
  await sign({}, { certificates: [new Uint8Array(64), ...certificates.slice(1)] }),
)
refuse('not-yet-valid', 'a signer of tomorrow', good, { now: NOW - YEAR - 1 })

refuse('digest-mismatch', 'a value changed', after(hash(7), hash(8)))
refuse('digest-mismatch', 'a value switched off', after('active="True"', 'active="False"'))
refuse('digest-mismatch', 'another version', after('colloquialVersion="580.95.05"', 'colloquialVersion="580.95.04"'))
refuse('digest-mismatch', 'white space between elements', after('>\n    <ns0:Entity', '>\n  <ns0:Entity'))
refuse('digest-mismatch', 'a measurement added', after('    </ns0:Payload>', '<ns0:Resource/></ns0:Payload>'))
refuse('digest-mismatch', 'the signature of another document', utf8(other.replace(SIGNATURE, signature)))
refuse('bad-signature', 'by another key', await sign({}, { signer: { ...leaf, key: ownKey } }))
refuse(
  'bad-signature',
  'a digest exchanged after signing',
  utf8(other.replace(/<ds:SignatureValue>[^<]*/, /<ds:SignatureValue>[^<]*/.exec(signature)?.[0] ?? '')),
)
refuse('bad-signature', 'zeros', await around(/<ds:SignatureValue>[^<]*/, `<ds:SignatureValue>${'A'.repeat(128)}`))

const RESOURCE = /(<ns0:Resource type="Measurement" index="7".*?\/>)/
for (const [name, evidence] of [
  [
    'another root element',
    await saying(
      '<SoftwareIdentity xmlns="http://standards.iso.org/iso/19770/-2/2015/schema.xsd"',
      '<SoftwareIdentity xmlns="urn:another"',
    ),
  ],
  ['a root element of another name', await saying(/SoftwareIdentity/g, 'SoftwareThing')],
  ['a resource of another namespace', await saying('<ns0:Resource', '<ns2:Resource')],
  ['no tag id', await saying(/ tagId="[^"]*"/, '')],
  ['no Meta', await saying(/ {4}<ns0:Meta.*\n/, '')],
  ['two Metas', await saying(/( {4}<ns0:Meta.*\n)/, '$1$1')],
  ['no version', await saying(/ colloquialVersion="[^"]*"/, '')],
  ['a version of neither', await sign({ version: '1.2' })],
  ['no chip', await saying(/ product="[^"]*"/, '')],
  ['another edition', await sign({ edition: 'CPU' })],
  ['two payloads', await saying('</ns0:Payload>', '</ns0:Payload><ns0:Payload/>')],
  ['no measurement', await sign({ measurements: [] })],
  ['no active measurement', await sign({ measurements: measurements.slice(0, 1) })],
  ['an index twice', await saying(RESOURCE, '$1$1')],
  ['an index beyond any', await saying('index="7"', 'index="256"')],
  ['an index with a leading zero', await saying('index="7"', 'index="07"')],
  ['a resource of another type', await saying('type="Measurement"', 'type="MIN_SVN"')],
  ['a resource of another name', await saying(/<ns0:Resource/, '<ns0:Directory')],
  ['a resource with something inside', await saying(/(index="7".*?)\/>/, '$1> </ns0:Resource>')],
  [
    'fewer hashes than it says',
    await saying('index="7" active="True" alternatives="1"', 'index="7" active="True" alternatives="2"'),
  ],
  [
    'more hashes than it says',
    await saying('index="9" active="True" alternatives="2"', 'index="9" active="True" alternatives="1"'),
  ],
  [
    'no alternatives',
    await saying('index="7" active="True" alternatives="1"', 'index="7" active="True" alternatives="0"'),
  ],
  [
    'more alternatives than any',
    await sign({ measurements: [{ index: 0, isActive: true, hashes: Array(33).fill(hash(1)) }] }),
  ],
  ['a hash of another namespace', await saying(/ns2:Hash0/, 'ns0:Hash0')],
  ['a hash of another size', await saying(hash(7), 'ab'.repeat(32))],
  ['a hash in capitals', await saying(hash(7), 'AB'.repeat(48))],
  ['another size', await saying('size="48"', 'size="32"')],
  ['neither active nor not', await saying('active="True"', 'active="true"')],
] as const)
  refuse('bad-manifest', name, evidence)

const used = new Set(['root', ...cases.flatMap((c) => [c.evidence, ...c.endorsements])])
const file = {
  kind: 'rim',
  now: NOW,
  blobs: Object.fromEntries(
    Object.entries(blobs).flatMap(([name, of]) => (used.has(name) ? [[name, Buffer.from(of).toString('base64')]] : [])),
  ),
  roots: ['root'],
  cases,
}
writeFileSync(join(import.meta.dirname, 'rim.json'), `${JSON.stringify(file, null, 1)}\n`)
console.log(`${cases.length} cases, ${Object.keys(file.blobs).length} blobs`)
