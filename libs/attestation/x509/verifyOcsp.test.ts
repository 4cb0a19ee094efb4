import { describe, expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import * as write from '../testing/derWriter.ts'
import { type CertificateFacts, commonName, extension, issueCertificate } from '../testing/issue.ts'
import { issueOcsp, type OcspFacts, ocspSigning } from '../testing/issueOcsp.ts'
import { newTestKey } from '../testing/testKey.ts'
import { parseCertificate } from './certificate.ts'
import { parseOcspResponse } from './ocsp.ts'
import { isAbout, type OcspOptions, verifyOcsp } from './verifyOcsp.ts'

const NOW = 1_700_000_000
const key = await newTestKey('P-384')
const responderKey = await newTestKey('P-384')
const issuer = await issueCertificate({ subject: 'Issuer', key, isCa: true })
const certificate = await issueCertificate({ subject: 'Leaf', key: responderKey, issuer, serial: 0x87 })
const other = await issueCertificate({ subject: 'Other', key: responderKey, issuer, serial: 0x88 })
const namesake = await issueCertificate({ subject: 'Issuer', key: responderKey, isCa: true })

const appoint = (facts: Partial<CertificateFacts> = {}) =>
  issueCertificate({ subject: 'Responder', key: responderKey, issuer, extensions: [ocspSigning()], ...facts })

async function verify(facts: Partial<OcspFacts> = {}, options: Partial<OcspOptions> = {}) {
  const der = await issueOcsp({ certificate, issuer, thisUpdate: NOW - 10, nextUpdate: NOW + 10, ...facts })
  const asked = { certificate: parseCertificate(certificate.der), issuer: parseCertificate(issuer.der), now: NOW }
  return await verifyOcsp(parseOcspResponse(der), { ...asked, ...options })
}

const good = { status: 'good', validUntil: NOW + 10 }
const nonce = new Uint8Array(32).fill(9)

test('a certificate is good by its issuer’s word, whichever way it is named', async () => {
  expect(await verify()).toEqual(good)
  expect(await verify({ isByKey: true })).toEqual(good)
  expect(await verify({ hash: 'SHA-256' })).toEqual(good)
  expect(await verify({ hasNull: false })).toEqual(good)
  expect(await verify({ hash: 'SHA-256', hasNull: false })).toEqual(good)
})

test('a certificate is good by the word of one whom the issuer appointed', async () => {
  expect(await verify({ responder: await appoint() })).toEqual(good)
  expect(await verify({ responder: await appoint(), isByKey: true })).toEqual(good)
  expect(await verify({ responder: await appoint({ keyUsage: null }) })).toEqual(good)
  const usage = extension('2.5.29.37', write.sequence(write.oid('1.2.3'), write.oid('1.3.6.1.5.5.7.3.9')), true)
  expect(await verify({ responder: await appoint({ extensions: [usage] }) })).toEqual(good)
})

test('an answer is good no longer than its responder’s certificate', async () => {
  expect(await verify({ responder: await appoint({ notAfter: NOW + 3 }) })).toEqual({
    status: 'good',
    validUntil: NOW + 3,
  })
})

test('a hold is told apart from a revocation', async () => {
  expect(await verify({ status: { at: NOW - 20, reason: 6 } })).toEqual({ status: 'hold', validUntil: NOW + 10 })
})

test('the nonce of the question is looked for, and only where there is one', async () => {
  expect(await verify({ nonce }, { nonce })).toEqual(good)
  expect(await verify({ nonce })).toEqual(good)
})

test('dates include their first and last second', async () => {
  expect(await verify({}, { now: NOW - 10 })).toEqual(good)
  expect(await verify({}, { now: NOW + 10 })).toEqual(good)
})

test('a response is about the certificates it names, of that issuer', async () => {
  const der = await issueOcsp({ certificate, issuer, thisUpdate: NOW, nextUpdate: NOW })
  const response = parseOcspResponse(der)
  const [leaf, another, by, namedAlike] = [certificate, other, issuer, namesake].map(({ der }) => parseCertificate(der))
  if (!leaf || !another || !by || !namedAlike) throw new Error('four certificates')
  expect(await isAbout(response, leaf, by)).toBe(true)
  expect(await isAbout(response, another, by)).toBe(false)
  expect(await isAbout(response, leaf, namedAlike)).toBe(false)
})

const elsewhere = await issueCertificate({ subject: 'Elsewhere', key: responderKey, isCa: true })
const flip = (parts: readonly Uint8Array[]) => {
  const signature = parts[2] as Uint8Array
  return parts.with(2, signature.with(-1, (signature.at(-1) as number) ^ 1))
}
const twice = (parts: readonly Uint8Array[]) => {
  const answer = (parts[2] as Uint8Array).subarray(3)
  return parts.with(2, write.sequence(answer, answer))
}

const refused: readonly (readonly [string, string, Partial<OcspFacts>, Partial<OcspOptions>])[] = [
  ['a revoked certificate', 'x509/revoked', { status: { at: NOW - 20 } }, {}],
  ['a certificate revoked for its key', 'x509/revoked', { status: { at: NOW - 20, reason: 1 } }, {}],
  ['a certificate unknown to the responder', 'x509/ocsp-unknown', { status: 'unknown' }, {}],
  ['an answer about another certificate', 'x509/ocsp-wrong-certificate', { certificate: other }, {}],
  ['an answer about another issuer’s certificate', 'x509/ocsp-wrong-certificate', { issuer: namesake }, {}],
  ['two answers about one certificate', 'x509/ocsp-wrong-certificate', { parts: twice }, {}],
  ['a forged signature', 'x509/ocsp-bad-signature', { outer: flip }, {}],
  ['another’s signature in the issuer’s name', 'x509/ocsp-bad-signature', { responder: { ...namesake } }, {}],
  [
    'a responder whose certificate did not come',
    'x509/ocsp-wrong-responder',
    { responder: await appoint(), outer: (p) => p.slice(0, 3) },
    {},
  ],
  [
    'a responder appointed by another',
    'x509/ocsp-wrong-responder',
    { responder: await appoint({ issuer: elsewhere }) },
    {},
  ],
  [
    'a responder appointed by the issuer’s namesake',
    'x509/ocsp-wrong-responder',
    { responder: await appoint({ issuer: namesake }) },
    {},
  ],
  [
    'a responder appointed by another who has the same key',
    'x509/ocsp-wrong-responder',
    { responder: await appoint({ issuer: { subject: commonName('Another'), key } }) },
    {},
  ],
  ['a responder that appointed itself', 'x509/ocsp-wrong-responder', { responder: elsewhere }, {}],
  [
    'a certificate of the issuer that is for nothing of the kind',
    'x509/ocsp-wrong-responder',
    { responder: other },
    {},
  ],
  [
    'a responder for other purposes',
    'x509/ocsp-wrong-responder',
    {
      responder: await appoint({
        extensions: [extension('2.5.29.37', write.sequence(write.oid('1.3.6.1.5.5.7.3.1')))],
      }),
    },
    {},
  ],
  [
    'a responder whose key may not sign',
    'x509/ocsp-wrong-responder',
    { responder: await appoint({ keyUsage: ['keyAgreement'] }) },
    {},
  ],
  [
    'a responder with an unknown critical extension',
    'x509/unknown-critical-extension',
    { responder: await appoint({ extensions: [ocspSigning(), extension('1.2.3', write.nothing(), true)] }) },
    {},
  ],
  ['a responder whose certificate expired', 'x509/expired', { responder: await appoint({ notAfter: NOW - 1 }) }, {}],
  ['a responder from the future', 'x509/not-yet-valid', { responder: await appoint({ notBefore: NOW + 1 }) }, {}],
  ['an answer from the future', 'x509/ocsp-not-yet-valid', {}, { now: NOW - 11 }],
  ['an old answer', 'x509/ocsp-expired', {}, { now: NOW + 11 }],
  ['an answer without the nonce', 'x509/ocsp-nonce-mismatch', {}, { nonce }],
  ['an answer to another question', 'x509/ocsp-nonce-mismatch', { nonce: nonce.with(0, 1) }, { nonce }],
]

describe.each(refused)('refuses %s', (_, code, facts, options) => {
  test(`as ${code}`, async () => {
    expect(await codeOf(() => verify(facts, options))).toBe(code)
  })
})

test('a nonce that is no octet string is refused: x509/bad-der', async () => {
  const extensions = [extension('1.3.6.1.5.5.7.48.1.2', nonce)]
  expect(await codeOf(() => verify({ extensions }, { nonce }))).toBe('x509/bad-der')
})
