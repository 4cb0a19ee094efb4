import { concat, utf8 } from '@allod/protocol'
import { integer, octets, oid, sequence } from '../testing/derWriter.ts'
import { crlAt, issuePck, put, sgxMembers } from '../testing/tdxIssuer.ts'
import {
  add,
  blobs,
  ca,
  DAY,
  filled,
  members,
  NOW,
  otherKey,
  pck,
  pckKey,
  platform,
  quoteOf,
  running,
  root,
  signer,
  stranger,
  withPck,
} from './tdxWorld.ts'

// Layout of the quote.
const v4 = blobs.v4 as Uint8Array
const v5 = blobs.v5 as Uint8Array
const patched = (bytes: Uint8Array, at: number, ...values: readonly number[]): Uint8Array => {
  const out = bytes.slice()
  out.set(values, at)
  return out
}
const bad = (name: string, evidence: Uint8Array) => add('tdx/bad-quote', name, { evidence })
bad('nothing', new Uint8Array())
bad('a quote cut in its header', v4.slice(0, 40))
bad('a quote cut in its body', v4.slice(0, 600))
bad('a quote a byte short', v4.slice(0, -1))
bad('signature data said to be a byte shorter', patched(v4, 632, (v4[632] as number) - 1))
bad('certification data said to be a byte shorter', patched(v4, 766, (v4[766] as number) - 1))
bad('a chain said to be a byte longer', patched(v4, 1254, (v4[1254] as number) + 1))
bad('authentication data of 2000 bytes', await quoteOf({ auth: new Uint8Array(2000) }))
bad('v5, a body of TD 1.0 said to be of TD 1.5', await quoteOf({ version: 5, is15: false, bodyType: 3 }))
bad('signature data of a hundred bytes', patched(v4, 632, 100, 0).slice(0, 736))
bad('v5 with a body of another size', patched(v5, 50, 0x89))
const unsupported = (name: string, evidence: Uint8Array) => add('tdx/unsupported-quote', name, { evidence })
unsupported('version 3', await quoteOf({ header: [put(0, 3)] }))
unsupported('version 6', await quoteOf({ header: [put(0, 6)] }))
unsupported('version 6, laid out as 5', await quoteOf({ version: 5, header: [put(0, 6)] }, running(6, 1)))
unsupported('an SGX quote', await quoteOf({ header: [put(4, 0)] }))
unsupported('an attestation key on P-384', await quoteOf({ header: [put(2, 3)] }))
unsupported('a quoting enclave of another vendor', await quoteOf({ header: [put(12, 0)] }))
unsupported('v5 with an SGX report', patched(v5, 48, 1))
unsupported('an encrypted PPID instead of a chain', patched(v4, 1252, 3))
unsupported('certification data of another type', patched(v4, 764, 5))
add('tdx/trailing-bytes', 'a byte of somebody after the quote', { evidence: concat(v4, Uint8Array.of(0, 0, 1)) })

// The platform's chain.
const badPck = async (
  name: string,
  changed: readonly Uint8Array[] | null,
  facts: Parameters<typeof issuePck>[3] = {},
) => add('tdx/bad-pck-certificate', name, { evidence: await withPck(changed, facts) })
const replaced = (index: number, member: Uint8Array): readonly Uint8Array[] =>
  members.map((same, i) => (i === index ? member : same))
await badPck('a leaf without Intel’s extension', null)
await badPck('a leaf of another name', members, { subject: 'Intel SGX TCB Signing' })
await badPck('an authority as leaf', members, { isCa: true })
await badPck('a PPID of 15 bytes', replaced(0, sequence(oid('1.2.840.113741.1.13.1.1'), octets(new Uint8Array(15)))))
await badPck(
  'an FMSPC under another identifier',
  replaced(3, sequence(oid('1.2.840.113741.1.13.1.9'), octets(platform.fmspc))),
)
await badPck('a component of 256', sgxMembers({ ...platform, components: [256, ...filled(15, 3)] }))
await badPck('a PCE of 65536', sgxMembers({ ...platform, pcesvn: 65_536 }))
add('tdx/bad-pck-certificate', 'a chain of two', { evidence: await quoteOf({ chain: [pck, ca] }) })
add('tdx/bad-pck-certificate', 'an authority of another name', {
  evidence: await quoteOf({ chain: [pck, signer, root] }),
})
add('x509/bad-der', 'a PCE that is no number', {
  evidence: await withPck(replaced(1, sequence(oid('1.2.840.113741.1.13.1.2'), sequence(integer(1))))),
})
add('x509/root-untrusted', 'a chain to another root', {
  evidence: await quoteOf({ chain: [await issuePck(stranger.ca, pckKey, members), stranger.ca, stranger.root] }),
})
add('x509/bad-pem', 'a chain of garbage', { evidence: await quoteOf({ pem: utf8('no certificate') }) })
add('x509/bad-signature', 'a leaf that the authority did not sign', {
  evidence: await quoteOf({ chain: [await issuePck({ ...ca, key: otherKey }, pckKey, members), ca, root] }),
})
add('x509/expired', 'a leaf that has expired', { evidence: await withPck(members, { notAfter: NOW - 1 }) })
add('x509/not-yet-valid', 'a leaf of tomorrow', { evidence: await withPck(members, { notBefore: NOW + DAY }) })
add('x509/revoked', 'a revoked leaf', { evidence: await withPck(members, { serial: 0x7777 }) })
add('x509/revoked', 'a revoked authority', {
  instead: { 'root-crl': await crlAt(root, NOW, { revoked: [{ serial: ca.serial }] }) },
})
add('x509/revoked', 'a revoked signer', {
  instead: { 'root-crl': await crlAt(root, NOW, { revoked: [{ serial: signer.serial }] }) },
})
add('x509/crl-expired', 'a list of last month', { instead: { 'pck-crl': await crlAt(ca, NOW - 31 * DAY) } })
add('x509/crl-bad-signature', 'a list that the authority did not sign', {
  instead: { 'pck-crl': await crlAt({ ...ca, key: otherKey }, NOW) },
})

// Signatures of the quote.
add('tdx/qe-report-signature-invalid', 'a quoting enclave of another platform', {
  evidence: await quoteOf({ otherPckKey: otherKey }),
})
add('tdx/qe-report-data-mismatch', 'a report for another attestation key', {
  evidence: await quoteOf({ qeReport: [put(320, 0, 0)] }),
})
add('tdx/qe-report-data-mismatch', 'bytes behind the hash', { evidence: await quoteOf({ qeReport: [put(383, 1)] }) })
add('tdx/quote-signature-invalid', 'another register', { evidence: patched(v4, 400, 1) })
add('tdx/quote-signature-invalid', 'v5, another body type size', { evidence: patched(v5, 100, 1) })
