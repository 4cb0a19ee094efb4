import { concat } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import { cpuClock, HOSTILE_CPU_SECONDS } from '../testing/cpuClock.ts'
import * as write from '../testing/derWriter.ts'
import { type CrlFacts, extension, issueCertificate, issueCrl } from '../testing/issue.ts'
import { newTestKey } from '../testing/testKey.ts'
import { parseCertificate } from './certificate.ts'
import { parseCrl, requireNotRevoked, verifyCrl } from './crl.ts'

const NOW = 1_700_000_000
const key = await newTestKey('P-256')
const other = await newTestKey('P-384')
const issuer = await issueCertificate({ subject: 'Issuer', key, isCa: true })
const issuerCertificate = parseCertificate(issuer.der)

const issue = (facts: Partial<CrlFacts> = {}) =>
  issueCrl({ issuer, thisUpdate: NOW - 10, nextUpdate: NOW + 10, ...facts })
const parse = async (facts: Partial<CrlFacts> = {}) => parseCrl(await issue(facts))
const certificateOf = async (serial: number | bigint) =>
  parseCertificate((await issueCertificate({ subject: 'Leaf', key: other, issuer, serial })).der)

const judge = async (facts: Partial<CrlFacts> = {}, by = issuerCertificate, now = NOW) =>
  await codeOf(async () => verifyCrl(await parse(facts), by, now))

test('an empty list of the issuer is good until its next update', async () => {
  const crl = await parse()
  expect(crl).toMatchObject({
    thisUpdate: NOW - 10,
    nextUpdate: NOW + 10,
    count: 0,
    signatureAlgorithm: 'ecdsa-sha256',
  })
  expect(await verifyCrl(crl, issuerCertificate, NOW)).toEqual({ validUntil: NOW + 10 })
  expect(() => requireNotRevoked(issuerCertificate, crl)).not.toThrow()
})

test('a list by AMD’s algorithm is good too', async () => {
  const rsa = await newTestKey('rsa-pss')
  const root = await issueCertificate({ subject: 'ARK', key: rsa, isCa: true })
  expect(await judge({ issuer: root }, parseCertificate(root.der))).toBe('accepted')
})

test('dates include their first and last second', async () => {
  expect(await judge({}, issuerCertificate, NOW - 10)).toBe('accepted')
  expect(await judge({}, issuerCertificate, NOW + 10)).toBe('accepted')
})

describe('what the list names is x509/revoked', () => {
  const serials = [0, 1, 0x7f, 0x80, 0x0100, (1n << 159n) + 5n, (1n << 158n) + 5n]
  test.each(serials)('serial %s, with a reason and without', async (serial) => {
    const certificate = await certificateOf(serial)
    const named = { serial, date: NOW - 20 }
    const around = [{ serial: 0x55, reason: 4 }, { serial: 0x8055 }]
    for (const one of [named, { ...named, reason: 1 }, { ...named, reason: 6 }]) {
      const crl = await parse({ revoked: [...around, one] })
      expect(crl.count).toBe(3)
      expect(await codeOf(() => requireNotRevoked(certificate, crl))).toBe('x509/revoked')
    }
    const without = await parse({ revoked: around })
    expect(await codeOf(() => requireNotRevoked(certificate, without))).toBe('accepted')
  })

  test('a serial is not found in a longer one that ends alike', async () => {
    const crl = await parse({ revoked: [{ serial: 0x0180 }, { serial: 0x018000 }] })
    expect(await codeOf(async () => requireNotRevoked(await certificateOf(0x80), crl))).toBe('accepted')
  })

  test('even where the date of revocation lies ahead', async () => {
    const crl = await parse({ revoked: [{ serial: 7, date: NOW + 1000 }] })
    expect(await codeOf(async () => requireNotRevoked(await certificateOf(7), crl))).toBe('x509/revoked')
  })

  test('and a list of another issuer says nothing: x509/crl-wrong-issuer', async () => {
    const stranger = await issueCertificate({ subject: 'Stranger', key: other, isCa: true })
    const crl = await parse({ issuer: stranger, revoked: [{ serial: 7 }] })
    expect(await codeOf(async () => requireNotRevoked(await certificateOf(7), crl))).toBe('x509/crl-wrong-issuer')
  })
})

const namesake = await issueCertificate({ subject: 'Issuer', key: await newTestKey('P-256'), isCa: true })
const stranger = await issueCertificate({ subject: 'Stranger', key, isCa: true })
const leaf = await issueCertificate({ subject: 'Issuer', key, keyUsage: ['cRLSign'] })
const noSigner = await issueCertificate({ subject: 'Issuer', key, isCa: true, keyUsage: ['keyCertSign'] })

test('an issuer that does not say what its key may do may sign lists', async () => {
  const silent = await issueCertificate({ subject: 'Issuer', key, isCa: true, keyUsage: null })
  expect(await judge({}, parseCertificate(silent.der))).toBe('accepted')
})

describe.each([
  ['a list of another issuer', 'x509/crl-wrong-issuer', { issuer: stranger }, issuerCertificate, NOW],
  ['a list that somebody else signed', 'x509/crl-bad-signature', { issuer: namesake }, issuerCertificate, NOW],
  ['a list by a leaf', 'x509/crl-not-signer', {}, parseCertificate(leaf.der), NOW],
  ['a list by an authority that may not sign lists', 'x509/crl-not-signer', {}, parseCertificate(noSigner.der), NOW],
  ['a list from the future', 'x509/crl-not-yet-valid', {}, issuerCertificate, NOW - 11],
  ['an old list', 'x509/crl-expired', {}, issuerCertificate, NOW + 11],
] as const)('refuses %s', (_, code, facts, by, now) => {
  test(`as ${code}`, async () => {
    expect(await judge(facts, by, now)).toBe(code)
  })
})

const replaced = (at: number, part: Uint8Array) => (parts: readonly Uint8Array[]) => parts.with(at, part)
const entries = (...parts: readonly Uint8Array[]): Partial<CrlFacts> => ({
  revoked: [{ serial: 1 }],
  parts: replaced(5, write.sequence(...parts)),
})
const serial = write.integer(1)
const date = write.time(NOW)
const reason = extension('2.5.29.21', write.enumerated(1))

const malformed: readonly (readonly [string, string, Partial<CrlFacts>])[] = [
  ['version 1', 'x509/bad-crl', { parts: (parts) => parts.slice(1) }],
  ['version 3', 'x509/bad-crl', { parts: replaced(0, write.integer(2)) }],
  ['no next update', 'x509/bad-crl', { nextUpdate: null }],
  ['another algorithm inside', 'x509/algorithm-mismatch', { parts: replaced(1, other.algorithm) }],
  ['another algorithm outside', 'x509/algorithm-mismatch', { outer: replaced(1, other.algorithm) }],
  ['an issuer that is no name', 'x509/bad-der', { parts: replaced(2, write.nothing()) }],
  ['an update that is no time', 'x509/bad-der', { parts: replaced(3, write.nothing()) }],
  ['something after its extensions', 'x509/bad-crl', { parts: (parts) => [...parts, write.nothing()] }],
  ['eight elements', 'x509/bad-crl', { parts: (parts) => [...parts, ...parts.slice(0, 3)] }],
  ['something after its signature', 'x509/bad-crl', { outer: (parts) => [...parts, write.nothing()] }],
  ['no signature', 'x509/bad-crl', { outer: (parts) => parts.slice(0, 2) }],
  ['something else than a list', 'x509/bad-crl', { outer: (parts) => parts.with(0, write.nothing()) }],
  ['a set for a sequence', 'x509/bad-crl', { outer: (parts) => parts.with(0, (parts[0] as Uint8Array).with(0, 0x31)) }],
  ['an empty list of entries', 'x509/bad-crl', entries()],
  ['an entry that is none', 'x509/bad-crl', entries(write.nothing())],
  ['an entry without a serial', 'x509/bad-crl', entries(write.sequence(write.nothing(), date))],
  ['an entry without a date', 'x509/bad-der', entries(write.sequence(serial))],
  ['an entry with another date', 'x509/bad-der', entries(write.sequence(serial, write.nothing()))],
  ['a padded serial', 'x509/bad-der', entries(write.sequence(Uint8Array.of(2, 2, 0, 1), date))],
  ['an empty serial', 'x509/bad-der', entries(write.sequence(Uint8Array.of(2, 0), date))],
  ['a negative serial', 'x509/bad-crl', entries(write.sequence(Uint8Array.of(2, 1, 0xff), date))],
  ['a serial of 33 bytes', 'x509/bad-crl', entries(write.sequence(write.integer(1n << 256n), date))],
  ['an entry with more', 'x509/bad-der', entries(write.sequence(serial, date, write.sequence(reason), date))],
  ['an entry with empty extensions', 'x509/bad-der', entries(write.sequence(serial, date, write.sequence()))],
  [
    'a reason that is no number',
    'x509/bad-der',
    entries(write.sequence(serial, date, write.sequence(extension('2.5.29.21', write.nothing())))),
  ],
  [
    'a negative reason',
    'x509/bad-der',
    entries(write.sequence(serial, date, write.sequence(extension('2.5.29.21', write.enumerated(0x81))))),
  ],
  [
    'an indirect entry',
    'x509/crl-unknown-critical-extension',
    entries(write.sequence(serial, date, write.sequence(extension('2.5.29.29', write.sequence(), true)))),
  ],
  [
    'an indirect entry as long as the usual one',
    'x509/crl-unknown-critical-extension',
    entries(write.sequence(serial, date, write.sequence(extension('2.5.29.29', new Uint8Array(), true)))),
  ],
  [
    'only the changes since another list',
    'x509/crl-unknown-critical-extension',
    { extensions: [extension('2.5.29.27', write.integer(1), true)] },
  ],
  [
    'some certificates only',
    'x509/crl-unknown-critical-extension',
    { extensions: [extension('2.5.29.28', write.sequence(), true)] },
  ],
  [
    'an extension twice',
    'x509/bad-certificate',
    { extensions: [extension('1.2.3', write.nothing()), extension('1.2.3', write.nothing())] },
  ],
]

describe.each(malformed)('refuses a list with %s', (_, code, facts) => {
  test(`as ${code}`, async () => {
    expect(await codeOf(() => parse(facts))).toBe(code)
  })
})

test('reads entries with an invalidity date beside the reason', async () => {
  const dated = write.sequence(reason, extension('2.5.29.24', write.generalizedTime(NOW)))
  expect((await parse(entries(write.sequence(serial, date, dated)))).count).toBe(1)
})

test('refuses what is no sequence, and bytes over', async () => {
  const crl = await issue()
  expect(await codeOf(() => parseCrl(new Uint8Array()))).toBe('x509/bad-der')
  expect(await codeOf(() => parseCrl(crl.with(0, 0x31)))).toBe('x509/bad-crl')
  expect(await codeOf(() => parseCrl(concat(crl, Uint8Array.of(0))))).toBe('x509/bad-crl')
  expect(await codeOf(() => parseCrl(new Uint8Array((16 << 20) + 1)))).toBe('x509/bad-crl')
})

test('a list of a hundred thousand is read, verified and searched in bounded time', async () => {
  const revoked = Array.from({ length: 100_000 }, (_, i) => ({ serial: (1n << 159n) + BigInt(i), reason: 1 }))
  const der = await issue({ revoked })
  const last = await certificateOf((1n << 159n) + 99_999n)
  const absent = await certificateOf((1n << 159n) + 100_000n)
  const cpuSeconds = cpuClock()
  const crl = parseCrl(der)
  await verifyCrl(crl, issuerCertificate, NOW)
  expect(await codeOf(() => requireNotRevoked(last, crl))).toBe('x509/revoked')
  expect(await codeOf(() => requireNotRevoked(absent, crl))).toBe('accepted')
  expect(cpuSeconds()).toBeLessThan(HOSTILE_CPU_SECONDS)
  expect(crl.count).toBe(100_000)
})
