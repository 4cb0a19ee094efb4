import { concat, fromHex } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import { integer, octets, sequence, utf8String } from '../testing/derWriter.ts'
import { readDer, readDerHeader } from './der.ts'
import { encodeDer } from './encodeDer.ts'

const bytes = (hex: string) => fromHex(`0x${hex.replaceAll(' ', '')}`)

test('reads one element and everything inside it, as views of the same bytes', () => {
  const der = sequence(integer(5), sequence(octets(Uint8Array.of(1, 2))))
  const node = readDer(der)
  expect(node.tag).toBe(0x30)
  expect(node.bytes).toEqual(der)
  expect(node.children.map((c) => c.tag)).toEqual([0x02, 0x30])
  expect(node.children[1]?.children[0]?.content).toEqual(Uint8Array.of(1, 2))
  expect(node.children[1]?.bytes.buffer).toBe(der.buffer)
})

test.each([0, 1, 127, 128, 255, 256, 65_535, 65_536])('a length of %i bytes is written and read', (size) => {
  const der = octets(new Uint8Array(size))
  expect(readDer(der).content.length).toBe(size)
})

const accepted = [
  ['the integer zero', '02 01 00'],
  ['an integer with a needed zero', '02 02 00 80'],
  ['a negative integer', '02 01 80'],
  ['true', '01 01 ff'],
  ['false', '01 01 00'],
  ['null', '05 00'],
  ['an empty bit string', '03 01 00'],
  ['bits with unused ones', '03 02 07 80'],
  ['an empty sequence', '30 00'],
  ['a sorted set', '31 06 02 01 01 02 01 02'],
  ['an implicit context tag', '80 00'],
  ['an explicit context tag', 'a0 02 05 00'],
] as const

test.each(accepted)('reads %s', async (_, hex) => {
  expect(await codeOf(() => readDer(bytes(hex)))).toBe('accepted')
})

const refused = [
  ['nothing', ''],
  ['a tag alone', '30'],
  ['a length of BER that is found at the end', '30 80 00 00'],
  ['a long length that would fit in short form', '04 81 01 00'],
  ['a long length with a leading zero', `04 82 00 80 ${'00 '.repeat(128)}`],
  ['a length of four octets', '04 84 00 00 00 00'],
  ['a length cut short', '04 82 01'],
  ['content cut short', '04 02 00'],
  ['a byte over', '05 00 00'],
  ['an element that outgrows its sequence', '30 02 04 01 00'],
  ['a half element at the end of a sequence', '30 03 05 00 05'],
  ['an empty integer', '02 00'],
  ['a padded integer', '02 02 00 7f'],
  ['a padded negative integer', '02 02 ff 80'],
  ['a padded enumeration', '0a 02 00 01'],
  ['a null with content', '05 01 00'],
  ['a true of BER', '01 01 01'],
  ['a boolean of two bytes', '01 02 ff ff'],
  ['an empty boolean', '01 00'],
  ['a bit string without its count', '03 00'],
  ['eight unused bits', '03 02 08 00'],
  ['unused bits of no byte', '03 01 01'],
  ['unused bits that are not zero', '03 02 01 01'],
  ['an empty object identifier', '06 00'],
  ['an object identifier cut short', '06 01 80'],
  ['an arc with a leading zero', '06 03 2a 80 01'],
  ['a first arc with a leading zero', '06 02 80 01'],
  ['an object identifier past 64 bytes', `06 41 ${'01'.repeat(65)}`],
  ['an unsorted set', '31 06 02 01 02 02 01 01'],
  ['a set whose longer element goes first', '31 06 04 02 00 00 04 00'],
  ['a primitive sequence', '10 00'],
  ['a string in pieces', '24 04 04 02 00 00'],
  ['a real number', '09 01 00'],
  ['an application tag', '60 00'],
  ['a private tag', 'c0 00'],
  ['a tag in several octets', 'bf 21 00'],
  ['a primitive tag in several octets', '9f 21 00'],
  ['the start of a tag in several octets, which looks like an empty element', 'bf 00'],
  ['the same of a primitive one', '9f 00'],
  ['an object identifier whose last arc is not ended', '06 01 81'],
] as const

describe.each(refused)('refuses %s', (_, hex) => {
  test('as x509/bad-der', async () => {
    expect(await codeOf(() => readDer(bytes(hex)))).toBe('x509/bad-der')
  })
})

describe('bounds', () => {
  const nested = (levels: number) => {
    let der = encodeDer(0x05)
    for (let i = 1; i < levels; i++) der = sequence(der)
    return der
  }

  test('24 levels, and not one more', async () => {
    expect(await codeOf(() => readDer(nested(24)))).toBe('accepted')
    expect(await codeOf(() => readDer(nested(25)))).toBe('x509/bad-der')
  })

  test('ten thousand elements, and not one more', async () => {
    const many = (count: number) => sequence(concat(...Array.from({ length: count }, () => encodeDer(0x05))))
    expect(await codeOf(() => readDer(many(9_999)))).toBe('accepted')
    expect(await codeOf(() => readDer(many(10_000)))).toBe('x509/bad-der')
  })

  test('a megabyte, and not one byte more', async () => {
    const sized = (size: number) => octets(new Uint8Array(size - 5))
    expect(sized(1 << 20).length).toBe(1 << 20)
    expect(await codeOf(() => readDer(sized(1 << 20)))).toBe('accepted')
    expect(await codeOf(() => readDer(sized((1 << 20) + 1)))).toBe('x509/bad-der')
  })

  test('a caller narrows them', async () => {
    const der = sequence(utf8String('a'), utf8String('b'))
    expect(await codeOf(() => readDer(der, { nodes: 2 }))).toBe('x509/bad-der')
    expect(await codeOf(() => readDer(der, { depth: 1 }))).toBe('x509/bad-der')
    expect(await codeOf(() => readDer(der, { sizeBytes: 7 }))).toBe('x509/bad-der')
    expect(await codeOf(() => readDer(der, { nodes: 3, depth: 2, sizeBytes: 8 }))).toBe('accepted')
  })

  test('a hundred thousand levels are refused, not a full stack', async () => {
    const deep = new Uint8Array(400_000)
    for (let i = 0; i < deep.length; i += 4) deep.set([0x30, 0x82, (deep.length - i) >> 8, (deep.length - i) & 0xff], i)
    expect(await codeOf(() => readDer(deep))).toBe('x509/bad-der')
  })
})

test('a header is read within its bounds alone', async () => {
  const der = sequence(octets(Uint8Array.of(1, 2, 3)))
  expect(readDerHeader(der, 2, der.length)).toEqual({ tag: 0x04, contentAt: 4, end: 7 })
  expect(await codeOf(() => readDerHeader(der, 2, der.length - 1))).toBe('x509/bad-der')
  expect(await codeOf(() => readDerHeader(bytes('04 82 01'), 0, 3))).toBe('x509/bad-der')
  expect(await codeOf(() => readDerHeader(bytes('04 81 80 00'), 0, 2))).toBe('x509/bad-der')
})

test('a length of four octets is refused, although as many bytes are there', async () => {
  const der = new Uint8Array((1 << 24) + 6)
  der.set([0x04, 0x84, 0x01, 0x00, 0x00, 0x00])
  expect(await codeOf(() => readDerHeader(der, 0, der.length))).toBe('x509/bad-der')
})
