import { concat } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import * as write from '../testing/derWriter.ts'
import { commonName, extension, issueCertificate } from '../testing/issue.ts'
import { issueOcsp, type OcspFacts, ocspRefusal } from '../testing/issueOcsp.ts'
import { newTestKey } from '../testing/testKey.ts'
import { encodeDer } from './encodeDer.ts'
import { nonceOf, parseOcspResponse } from './ocsp.ts'

const NOW = 1_700_000_000
const issuer = await issueCertificate({ subject: 'Issuer', key: await newTestKey('P-384'), isCa: true })
const certificate = await issueCertificate({ subject: 'Leaf', key: await newTestKey('P-384'), issuer, serial: 7 })

const issue = (facts: Partial<OcspFacts> = {}) =>
  issueOcsp({ certificate, issuer, thisUpdate: NOW - 10, nextUpdate: NOW + 10, ...facts })
const parse = async (facts: Partial<OcspFacts> = {}) => parseOcspResponse(await issue(facts))

test('reads what a response says', async () => {
  const nonce = Uint8Array.of(1, 2, 3)
  const response = await parse({ nonce })
  expect(response).toMatchObject({
    signatureAlgorithm: 'ecdsa-sha384',
    responder: { kind: 'name', value: commonName('Issuer') },
    producedAt: NOW - 10,
    certificates: [],
  })
  expect(response.answers).toMatchObject([{ status: { kind: 'good' }, thisUpdate: NOW - 10, nextUpdate: NOW + 10 }])
  expect(nonceOf(response)).toEqual(nonce)
  expect(nonceOf(await parse())).toBeNull()
})

test('reads the other statuses', async () => {
  const statusOf = async (status: OcspFacts['status']) => (await parse(status ? { status } : {})).answers[0]?.status
  expect(await statusOf('unknown')).toEqual({ kind: 'unknown' })
  expect(await statusOf({ at: NOW - 5 })).toEqual({ kind: 'revoked', at: NOW - 5, reason: null })
  expect(await statusOf({ at: NOW - 5, reason: 6 })).toEqual({ kind: 'revoked', at: NOW - 5, reason: 6 })
})

test('reads a responder named by its key, and its certificate', async () => {
  const responder = await issueCertificate({ subject: 'Responder', key: await newTestKey('P-384'), issuer })
  const response = await parse({ responder, isByKey: true })
  expect(response.responder.kind).toBe('key')
  expect(response.responder.value.length).toBe(20)
  expect(response.certificates.map((c) => c.commonName)).toEqual(['Responder'])
})

test.each([1, 2, 3, 5, 6, 9])('a responder that refuses with status %i: x509/ocsp-unsuccessful', async (status) => {
  expect(await codeOf(() => parseOcspResponse(ocspRefusal(status)))).toBe('x509/ocsp-unsuccessful')
})

const replaced = (at: number, part: Uint8Array) => (parts: readonly Uint8Array[]) => parts.with(at, part)
const critical = [extension('1.2.3', write.nothing(), true)]
const when = write.generalizedTime(NOW)

const refused: readonly (readonly [string, string, Partial<OcspFacts>])[] = [
  ['without its next update', 'x509/bad-ocsp', { nextUpdate: null }],
  ['with another status', 'x509/bad-ocsp', { single: replaced(1, write.implicit(3, new Uint8Array())) }],
  ['with content in good', 'x509/bad-ocsp', { single: replaced(1, write.implicit(0, Uint8Array.of(0))) }],
  ['with content in unknown', 'x509/bad-ocsp', { single: replaced(1, write.implicit(2, Uint8Array.of(0))) }],
  ['with an empty revocation', 'x509/bad-der', { single: replaced(1, encodeDer(0xa1)) }],
  [
    'with more than time and reason',
    'x509/bad-ocsp',
    { single: replaced(1, encodeDer(0xa1, when, write.explicit(0, write.enumerated(1)), when)) },
  ],
  ['with a reason that is none', 'x509/bad-der', { single: replaced(1, encodeDer(0xa1, when, write.enumerated(1))) }],
  ['with a short time of this update', 'x509/bad-der', { single: replaced(2, write.time(NOW)) }],
  ['with a short time of next update', 'x509/bad-der', { single: replaced(3, write.explicit(0, write.time(NOW))) }],
  ['with a CertID that is none', 'x509/bad-der', { single: replaced(0, write.nothing()) }],
  ['with too little in an answer', 'x509/bad-der', { single: (parts) => parts.slice(0, 2) }],
  [
    'with too much in an answer',
    'x509/bad-der',
    { single: (parts) => [...parts, write.explicit(1, write.sequence(extension('1.2.3', write.nothing()))), when] },
  ],
  [
    'with a critical extension in an answer',
    'x509/ocsp-unknown-critical-extension',
    { single: (parts) => [...parts, write.explicit(1, write.sequence(...critical))] },
  ],
  ['with a critical extension', 'x509/ocsp-unknown-critical-extension', { extensions: critical }],
  ['with a version', 'x509/bad-der', { parts: (parts) => [write.explicit(0, write.integer(0)), ...parts] }],
  ['with a responder of a third kind', 'x509/bad-der', { parts: replaced(0, write.explicit(3, write.octets())) }],
  ['with a responder that is no name', 'x509/bad-der', { parts: replaced(0, write.explicit(1, write.octets())) }],
  ['with a short time of production', 'x509/bad-der', { parts: replaced(1, write.time(NOW)) }],
  ['without answers', 'x509/bad-der', { parts: replaced(2, write.sequence()) }],
  ['with an answer that is none', 'x509/bad-der', { parts: replaced(2, write.sequence(write.nothing())) }],
  ['with something after its extensions', 'x509/bad-der', { extensions: critical, parts: (p) => [...p, when] }],
  [
    'by an algorithm of nobody',
    'x509/unsupported-algorithm',
    { outer: replaced(1, write.sequence(write.oid('1.2.3'))) },
  ],
  ['with a signature that is none', 'x509/bad-der', { outer: replaced(2, write.nothing()) }],
  ['without a signature', 'x509/bad-der', { outer: (parts) => parts.slice(0, 2) }],
  [
    'with a certificate that is none',
    'x509/bad-der',
    { outer: (parts) => [...parts, write.explicit(0, write.sequence(write.nothing()))] },
  ],
  [
    'with five certificates',
    'x509/bad-der',
    { outer: (parts) => [...parts, write.explicit(0, write.sequence(...Array(5).fill(certificate.der)))] },
  ],
]

describe.each(refused)('refuses a response %s', (_, code, facts) => {
  test(`as ${code}`, async () => {
    expect(await codeOf(() => parse(facts))).toBe(code)
  })
})

test('refuses what is no basic response: x509/bad-ocsp', async () => {
  const other = write.sequence(
    write.enumerated(0),
    write.explicit(0, write.sequence(write.oid('1.2.3'), write.octets())),
  )
  expect(await codeOf(() => parseOcspResponse(other))).toBe('x509/bad-ocsp')
})

test('refuses a success that says nothing, bytes over, and more than 64 KB: x509/bad-der', async () => {
  expect(await codeOf(() => parseOcspResponse(ocspRefusal(0)))).toBe('x509/bad-der')
  expect(await codeOf(async () => parseOcspResponse(concat(await issue(), Uint8Array.of(0))))).toBe('x509/bad-der')
  expect(await codeOf(() => parseOcspResponse(write.octets(new Uint8Array(65_536))))).toBe('x509/bad-der')
})
