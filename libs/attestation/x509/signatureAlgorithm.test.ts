import { describe, expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import { explicit, integer, nothing, oid, sequence } from '../testing/derWriter.ts'
import { readDer } from './der.ts'
import { parseSignatureAlgorithm } from './signatureAlgorithm.ts'

const SHA256 = '2.16.840.1.101.3.4.2.1'
const SHA384 = '2.16.840.1.101.3.4.2.2'
const hash = (id: string, parameters: readonly Uint8Array[] = [nothing()]) => sequence(oid(id), ...parameters)
const MGF1 = '1.2.840.113549.1.1.8'

type Pss = {
  readonly hash?: Uint8Array
  readonly mask?: Uint8Array
  readonly salt?: number
  readonly trailer?: number
  readonly more?: Uint8Array
}
const pss = (p: Pss = {}) =>
  sequence(
    oid('1.2.840.113549.1.1.10'),
    sequence(
      explicit(0, p.hash ?? hash(SHA384)),
      explicit(1, p.mask ?? sequence(oid(MGF1), hash(SHA384))),
      explicit(2, integer(p.salt ?? 48)),
      ...(p.trailer === undefined ? [] : [explicit(3, integer(p.trailer))]),
      ...(p.more === undefined ? [] : [p.more]),
    ),
  )

const known = [
  ['ecdsa-sha256', sequence(oid('1.2.840.10045.4.3.2'))],
  ['ecdsa-sha384', sequence(oid('1.2.840.10045.4.3.3'))],
  ['rsa-pkcs1-sha256', sequence(oid('1.2.840.113549.1.1.11'), nothing())],
  ['rsa-pkcs1-sha384', sequence(oid('1.2.840.113549.1.1.12'), nothing())],
  ['rsa-pss-sha384', pss()],
  ['rsa-pss-sha384', pss({ trailer: 1 })],
  ['rsa-pss-sha384', pss({ hash: hash(SHA384, []) })],
] as const

test.each(known)('knows %s', (name, der) => {
  expect(parseSignatureAlgorithm(readDer(der))).toBe(name)
})

const unsupported: readonly (readonly [string, Uint8Array])[] = [
  ['another algorithm', sequence(oid('1.2.840.10045.4.3.4'))],
  ['SHA-1', sequence(oid('1.2.840.113549.1.1.5'), nothing())],
  ['ECDSA with parameters', sequence(oid('1.2.840.10045.4.3.2'), nothing())],
  ['ECDSA on P-384 with parameters', sequence(oid('1.2.840.10045.4.3.3'), nothing())],
  ['PKCS #1 without NULL', sequence(oid('1.2.840.113549.1.1.11'))],
  ['PKCS #1 with SHA-384 and without NULL', sequence(oid('1.2.840.113549.1.1.12'), sequence())],
  ['PSS with SHA-256', pss({ hash: hash(SHA256) })],
  ['PSS with a mask by SHA-256', pss({ mask: sequence(oid(MGF1), hash(SHA256)) })],
  ['PSS with another mask', pss({ mask: sequence(oid('1.2.3'), hash(SHA384)) })],
  ['PSS with a short salt', pss({ salt: 32 })],
  ['PSS with no salt', pss({ salt: 0 })],
  ['PSS with another trailer', pss({ trailer: 2 })],
]

const malformed: readonly (readonly [string, Uint8Array])[] = [
  ['PSS by default: SHA-1', sequence(oid('1.2.840.113549.1.1.10'), sequence())],
  ['PSS without parameters', sequence(oid('1.2.840.113549.1.1.10'))],
  ['PSS with more parameters', pss({ trailer: 1, more: nothing() })],
  ['PSS with a hash of odd parameters', pss({ hash: hash(SHA384, [integer(1)]) })],
  ['nothing', nothing()],
]

const refused = [
  ...unsupported.map(([name, der]) => [name, der, 'x509/unsupported-algorithm'] as const),
  ...malformed.map(([name, der]) => [name, der, 'x509/bad-der'] as const),
]

describe.each(refused)('refuses %s', (_, der, code) => {
  test(`as ${code}`, async () => {
    expect(await codeOf(() => parseSignatureAlgorithm(readDer(der)))).toBe(code)
  })
})
