import { concat, utf8 } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import { cpuClock, HOSTILE_CPU_SECONDS } from '../testing/cpuClock.ts'
import { parsePem } from './pem.ts'

const LABEL = 'CERTIFICATE'

function pem(content: Uint8Array, end = '\n', label = LABEL): string {
  const base64 = btoa(Array.from(content, (byte) => String.fromCharCode(byte)).join(''))
  const lines = [`-----BEGIN ${label}-----`, ...(base64.match(/.{1,64}/g) ?? []), `-----END ${label}-----`, '']
  return lines.join(end)
}

const one = Uint8Array.from({ length: 100 }, (_, i) => i)
const two = Uint8Array.from({ length: 48 }, (_, i) => 200 - i)
const parse = (text: string, max = 8) => parsePem(utf8(text), LABEL, max)

test('reads blocks in order', () => {
  expect(parse(pem(one) + pem(two))).toEqual([one, two])
})

test('reads lines that end in CRLF, and a text without its last line end', () => {
  expect(parse(pem(one, '\r\n') + pem(two, '\r\n'))).toEqual([one, two])
  expect(parse(pem(one).trimEnd())).toEqual([one])
})

test('reads empty lines after a block, as chains have them', () => {
  expect(parse(`${pem(one)}\n${pem(two)}\n\n`)).toEqual([one, two])
})

test('reads one trailing NUL where a caller says that there may be one', async () => {
  const bytes = concat(utf8(pem(one)), Uint8Array.of(0))
  expect(parsePem(bytes, LABEL, 1, { allowTrailingNul: true })).toEqual([one])
  expect(await codeOf(() => parsePem(bytes, LABEL, 1))).toBe('x509/bad-pem')
  const twice = concat(bytes, Uint8Array.of(0))
  expect(await codeOf(() => parsePem(twice, LABEL, 1, { allowTrailingNul: true }))).toBe('x509/bad-pem')
})

test('a trailing NUL is optional', () => {
  expect(parsePem(utf8(pem(one)), LABEL, 1, { allowTrailingNul: true })).toEqual([one])
})

const long = 'QUJD'.repeat(17)
const refused: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['an empty line before the first block', `\n${pem(one)}`],
  ['text before the first block', `Subject: somebody\n${pem(one)}`],
  ['text between blocks', `${pem(one)}and\n${pem(two)}`],
  ['text after the last block', `${pem(one)}extra bytes`],
  ['a space after the last block', `${pem(one)} `],
  ['a block of another kind', pem(one, '\n', 'PUBLIC KEY')],
  ['a block without its end', pem(one).replace(/-----END.*/, '')],
  ['an end of another kind', pem(one).replace('END CERTIFICATE', 'END PUBLIC KEY')],
  ['an empty block', `-----BEGIN ${LABEL}-----\n-----END ${LABEL}-----\n`],
  ['a block of one empty line', `-----BEGIN ${LABEL}-----\n\n-----END ${LABEL}-----\n`],
  ['a short line before the last', `-----BEGIN ${LABEL}-----\nQUJD\nQUJD\n-----END ${LABEL}-----\n`],
  ['a line of more than 64 characters', `-----BEGIN ${LABEL}-----\n${long}\n-----END ${LABEL}-----\n`],
  ['a header inside a block', `-----BEGIN ${LABEL}-----\nProc-Type: 4\n\nQUJD\n-----END ${LABEL}-----\n`],
  ['letters that are not base64', `-----BEGIN ${LABEL}-----\nQU-_\n-----END ${LABEL}-----\n`],
  ['base64 without its padding', `-----BEGIN ${LABEL}-----\nQUJ\n-----END ${LABEL}-----\n`],
  ['spare bits that are not zero', `-----BEGIN ${LABEL}-----\nQUK=\n-----END ${LABEL}-----\n`],
  [
    'spare bits that are not zero, with two signs of padding',
    `-----BEGIN ${LABEL}-----\nQV==\n-----END ${LABEL}-----\n`,
  ],
  ['line ends of both kinds', pem(one, '\r\n') + pem(two)],
  ['a space at a line end', pem(one).replace('\n', ' \n')],
]

describe.each(refused)('refuses %s', (_, text) => {
  test('as x509/bad-pem', async () => {
    expect(await codeOf(() => parse(text))).toBe('x509/bad-pem')
  })
})

test('refuses bytes that are no text', async () => {
  expect(await codeOf(() => parsePem(Uint8Array.of(0xff, 0xfe), LABEL, 1))).toBe('x509/bad-pem')
})

test('refuses one block more than wanted: ten thousand in bounded time', async () => {
  expect(await codeOf(() => parse(pem(one).repeat(3), 2))).toBe('x509/bad-pem')
  const many = utf8(pem(two).repeat(8_000))
  const cpuSeconds = cpuClock()
  expect(await codeOf(() => parsePem(many, LABEL, 8))).toBe('x509/bad-pem')
  expect(cpuSeconds()).toBeLessThan(HOSTILE_CPU_SECONDS)
})

test('refuses more than a megabyte unread', async () => {
  expect(await codeOf(() => parse(pem(new Uint8Array(760_000))))).toBe('accepted')
  expect(await codeOf(() => parse(pem(new Uint8Array(780_000))))).toBe('x509/bad-pem')
})
