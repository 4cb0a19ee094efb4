import { concat } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import * as write from '../testing/derWriter.ts'
import { type CertificateFacts, commonName, extension, issueCertificate } from '../testing/issue.ts'
import { newTestKey } from '../testing/testKey.ts'
import { parseCertificate } from './certificate.ts'

const key = await newTestKey('P-256')
const other = await newTestKey('P-384')
const root = await issueCertificate({ subject: 'Root', key, isCa: true, pathLength: 1 })

const issue = (facts: Partial<CertificateFacts> = {}) =>
  issueCertificate({ subject: 'Leaf', key: other, issuer: root, serial: 0xf3, ...facts })
const parse = async (facts: Partial<CertificateFacts> = {}) => parseCertificate((await issue(facts)).der)

test('reads what a certificate says', async () => {
  const own = extension('1.3.6.1.4.1.3704.1.3.1', write.integer(7))
  const certificate = await parse({ extensions: [own], notAfter: 253_402_300_799 })
  expect(certificate).toMatchObject({
    signatureAlgorithm: 'ecdsa-sha256',
    serial: '0xf3',
    commonName: 'Leaf',
    notBefore: 1_577_836_800,
    notAfter: 253_402_300_799,
    isCa: false,
    pathLength: null,
  })
  expect(certificate.issuer).toEqual(commonName('Root'))
  expect(certificate.subject).toEqual(commonName('Leaf'))
  expect(certificate.spki).toEqual(other.spki)
  expect([...(certificate.keyUsage ?? [])]).toEqual(['digitalSignature'])
  expect(certificate.extensions.get('1.3.6.1.4.1.3704.1.3.1')).toEqual({ isCritical: false, value: write.integer(7) })
  expect(certificate.extensions.get('2.5.29.15')?.isCritical).toBe(true)
})

test('reads what an authority may do', async () => {
  const certificate = parseCertificate(root.der)
  expect(certificate).toMatchObject({ isCa: true, pathLength: 1 })
  expect([...(certificate.keyUsage ?? [])]).toEqual(['keyCertSign', 'cRLSign'])
})

test('reads a certificate without extensions, which says nothing of its key’s use', async () => {
  expect(await parse({ keyUsage: null })).toMatchObject({ keyUsage: null, isCa: false, pathLength: null })
})

test('reads basic constraints that are empty: no authority', async () => {
  expect(await parse({ extensions: [extension('2.5.29.19', write.sequence())] })).toMatchObject({ isCa: false })
})

test('has no common name where there is none, or more than one', async () => {
  const two = write.sequence(
    ...['A', 'B'].map((text) => write.set(write.sequence(write.oid('2.5.4.3'), write.utf8String(text)))),
  )
  expect((await parse({ subject: two })).commonName).toBeNull()
  expect((await parse({ subject: write.sequence() })).commonName).toBeNull()
})

test('reads the ninth key use, and key usage that keeps zero bits at its end, as AMD’s does', async () => {
  const usage = (bits: Uint8Array) => parse({ keyUsage: null, extensions: [extension('2.5.29.15', bits, true)] })
  expect([...((await usage(write.bits(Uint8Array.of(0, 0x80), 7))).keyUsage ?? [])]).toEqual(['decipherOnly'])
  expect([...((await usage(write.bits(Uint8Array.of(0x04), 1))).keyUsage ?? [])]).toEqual(['keyCertSign'])
})

const replaced = (at: number, part: Uint8Array) => (parts: readonly Uint8Array[]) => parts.with(at, part)
const usual = write.bits(Uint8Array.of(0x80), 7)

const refused: readonly (readonly [string, string, Partial<CertificateFacts>])[] = [
  ['version 1', 'x509/bad-der', { parts: (parts) => parts.slice(1, 7) }],
  ['version 2', 'x509/bad-certificate', { parts: replaced(0, write.explicit(0, write.integer(1))) }],
  ['version 4', 'x509/bad-certificate', { parts: replaced(0, write.explicit(0, write.integer(3))) }],
  ['a negative serial', 'x509/bad-der', { parts: replaced(1, Uint8Array.of(2, 1, 0xff)) }],
  ['another algorithm inside', 'x509/algorithm-mismatch', { parts: replaced(2, other.algorithm) }],
  ['another algorithm outside', 'x509/algorithm-mismatch', { outer: replaced(1, other.algorithm) }],
  ['an algorithm of nobody', 'x509/unsupported-algorithm', { outer: replaced(1, write.sequence(write.oid('1.2.3'))) }],
  ['an issuer that is no name', 'x509/bad-der', { parts: replaced(3, write.nothing()) }],
  ['a validity of one date', 'x509/bad-der', { parts: replaced(4, write.sequence(write.time(0))) }],
  ['a subject that is no name', 'x509/bad-der', { parts: replaced(5, write.nothing()) }],
  ['a subject of no attributes', 'x509/bad-der', { subject: write.sequence(write.set(write.nothing())) }],
  ['a subject of attributes without a set', 'x509/bad-der', { subject: write.sequence(write.sequence()) }],
  ['a key that is none', 'x509/bad-der', { parts: replaced(6, write.nothing()) }],
  ['unique identifiers', 'x509/bad-der', { parts: (p) => [...p.slice(0, 7), write.implicit(1, Uint8Array.of(0))] }],
  ['something after the extensions', 'x509/bad-der', { parts: (parts) => [...parts, write.nothing()] }],
  ['something after the signature', 'x509/bad-der', { outer: (parts) => [...parts, write.nothing()] }],
  ['a signature of no whole bytes', 'x509/bad-der', { outer: replaced(2, write.bits(Uint8Array.of(0x80), 1)) }],
  ['no extensions in their place', 'x509/bad-der', { parts: replaced(7, write.explicit(3, write.sequence())) }],
  ['an extension twice', 'x509/bad-certificate', { extensions: [extension('2.5.29.15', usual)] }],
  [
    'a default written out',
    'x509/bad-certificate',
    { extensions: [write.sequence(write.oid('1.2.3'), write.boolean(false), write.octets())] },
  ],
  ['an extension of no octets', 'x509/bad-der', { extensions: [write.sequence(write.oid('1.2.3'), write.nothing())] }],
  [
    'an authority that is written out to be none',
    'x509/bad-certificate',
    { extensions: [extension('2.5.29.19', write.sequence(write.boolean(false)))] },
  ],
  [
    'a path length of no authority',
    'x509/bad-der',
    { extensions: [extension('2.5.29.19', write.sequence(write.integer(0)))] },
  ],
  [
    'basic constraints with a byte over',
    'x509/bad-der',
    { extensions: [extension('2.5.29.19', concat(write.sequence(), Uint8Array.of(0)))] },
  ],
  [
    'a key usage of nothing',
    'x509/bad-certificate',
    { keyUsage: null, extensions: [extension('2.5.29.15', write.bits(new Uint8Array()))] },
  ],
  [
    'a key usage of ten bits',
    'x509/bad-certificate',
    { keyUsage: null, extensions: [extension('2.5.29.15', write.bits(Uint8Array.of(0x80, 0x40), 6))] },
  ],
  [
    'more than 64 extensions',
    'x509/bad-der',
    { extensions: Array.from({ length: 64 }, (_, i) => extension(`1.2.${i}`, new Uint8Array())) },
  ],
  ['a certificate of more than 16 KB', 'x509/bad-der', { extensions: [extension('1.2.3', new Uint8Array(16_384))] }],
]

describe.each(refused)('refuses %s', (_, code, facts) => {
  test(`as ${code}`, async () => {
    expect(await codeOf(() => parse(facts))).toBe(code)
  })
})

test('a byte after the certificate is refused, and another outer tag, which nobody signed: x509/bad-der', async () => {
  expect(await codeOf(() => parseCertificate(concat(root.der, Uint8Array.of(0))))).toBe('x509/bad-der')
  expect(await codeOf(() => parseCertificate(root.der.with(0, 0x31)))).toBe('x509/bad-der')
})
