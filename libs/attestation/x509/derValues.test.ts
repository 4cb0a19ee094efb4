import { fromHex, utf8 } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import * as write from '../testing/derWriter.ts'
import { DER, readDer } from './der.ts'
import {
  derBits,
  derBoolean,
  derExplicit,
  derInteger,
  derOctets,
  derOid,
  derSequence,
  derSmallInteger,
  derString,
  derTagged,
  derTime,
} from './derValues.ts'
import { encodeDer } from './encodeDer.ts'

const time = (text: string, tag: number) => derTime(readDer(encodeDer(tag, utf8(text))))

test('an integer is hex without the sign byte', () => {
  expect(derInteger(readDer(write.integer(0)))).toBe('0x00')
  expect(derInteger(readDer(write.integer(0x80)))).toBe('0x80')
  expect(derInteger(readDer(write.integer(1n << 159n)))).toBe(`0x80${'00'.repeat(19)}`)
})

test('a small integer is a number, up to 2^47', () => {
  expect(derSmallInteger(readDer(write.integer(2 ** 47 - 1)))).toBe(2 ** 47 - 1)
  expect(derSmallInteger(readDer(write.enumerated(6)), DER.enumerated)).toBe(6)
})

test.each(['1.2.840.113549.1.1.10', '2.5.29.15', '0.9.2342', '2.999.1', '1.3.6.1.4.1.3704.1.3.1', '2.23.133.5.4.1'])(
  'reads %s',
  (oid) => {
    expect(derOid(readDer(write.oid(oid)))).toBe(oid)
  },
)

test('the rest comes out as it went in', () => {
  expect(derBits(readDer(write.bits(Uint8Array.of(1, 2))))).toEqual(Uint8Array.of(1, 2))
  expect(derOctets(readDer(write.octets(Uint8Array.of(3))))).toEqual(Uint8Array.of(3))
  expect(derBoolean(readDer(write.boolean(true)))).toBe(true)
  expect(derBoolean(readDer(write.boolean(false)))).toBe(false)
  expect(derString(readDer(write.utf8String('Grüße')))).toBe('Grüße')
  expect(derString(readDer(write.printableString('SEV-VCEK')))).toBe('SEV-VCEK')
  expect(derString(readDer(write.ia5String('Milan-B0')))).toBe('Milan-B0')
  expect(derOctets(derExplicit(readDer(write.explicit(3, write.octets())), 3))).toEqual(new Uint8Array())
})

test('a time is exact, to the second and to the end of time', () => {
  expect(time('700101000000Z', DER.utcTime)).toBe(0)
  expect(time('491231235959Z', DER.utcTime)).toBe(2_524_607_999)
  expect(time('500101000000Z', DER.utcTime)).toBe(-631_152_000)
  expect(time('99991231235959Z', DER.generalizedTime)).toBe(253_402_300_799)
  expect(time('20240229120000Z', DER.generalizedTime)).toBe(1_709_208_000)
  for (const unix of [0, 1_577_836_800, 2_524_607_999, 2_524_608_000, 253_402_300_799])
    expect(derTime(readDer(write.time(unix)))).toBe(unix)
})

const refused: readonly (readonly [string, () => unknown])[] = [
  ['an integer below zero', () => derInteger(readDer(fromHex('0x0201ff')))],
  ['an integer of 65 bytes', () => derInteger(readDer(write.integer(1n << 512n)))],
  ['an integer that is none', () => derInteger(readDer(write.octets()))],
  ['a small integer below zero', () => derSmallInteger(readDer(fromHex('0x0201ff')))],
  ['a small integer of seven bytes', () => derSmallInteger(readDer(write.integer(2 ** 48)))],
  ['an arc past 2^53', () => derOid(readDer(fromHex('0x060a2affffffffffffffff7f')))],
  ['bits that fill no byte', () => derBits(readDer(write.bits(Uint8Array.of(0x80), 7)))],
  ['a string that is none', () => derString(readDer(write.octets()))],
  ['a teletex string', () => derString(readDer(encodeDer(DER.teletex, utf8('a'))))],
  ['a string of 257 bytes', () => derString(readDer(write.utf8String('a'.repeat(257))))],
  ['broken UTF-8', () => derString(readDer(encodeDer(DER.utf8, Uint8Array.of(0xc3))))],
  ['an ASCII string with another letter', () => derString(readDer(write.ia5String('é')))],
  ['nothing where a string should be', () => derString(undefined)],
  ['nothing where a time should be', () => derTime(undefined)],
  ['nothing where an octet string should be', () => derOctets(undefined)],
  ['a context tag of another number', () => derExplicit(readDer(write.explicit(1, write.nothing())), 0)],
  ['an empty context tag', () => derExplicit(readDer(write.explicit(0)), 0)],
  ['a context tag around two', () => derExplicit(readDer(write.explicit(0, write.nothing(), write.nothing())), 0)],
  ['too few elements', () => derSequence(readDer(write.sequence()), 1)],
  ['too many elements', () => derSequence(readDer(write.sequence(write.nothing())), 0, 0)],
  ['another tag', () => derTagged(readDer(write.nothing()), DER.octets)],
  ['a time without its Z', () => time('7001010000000', DER.utcTime)],
  ['a time without seconds', () => time('7001010000Z', DER.utcTime)],
  ['a time with a zone', () => time('700101000000+0100', DER.utcTime)],
  ['a time with a fraction', () => time('19700101000000.5Z', DER.generalizedTime)],
  ['a short year in the long form', () => time('700101000000Z', DER.generalizedTime)],
  ['a letter in a time', () => time('70010100000aZ', DER.utcTime)],
  ['a sign below the digits', () => time('70010100001/Z', DER.utcTime)],
  ['an octet string that reads like the end of a time', () => derTime(readDer(write.octets(utf8('0101000000Z'))))],
  ['day 0', () => time('230100000000Z', DER.utcTime)],
  ['day 32', () => time('230132000000Z', DER.utcTime)],
  ['30 February', () => time('240230000000Z', DER.utcTime)],
  ['29 February of a year that has none', () => time('230229000000Z', DER.utcTime)],
  ['month 13', () => time('231301000000Z', DER.utcTime)],
  ['month 0', () => time('230001000000Z', DER.utcTime)],
  ['hour 24', () => time('230101240000Z', DER.utcTime)],
  ['minute 60', () => time('230101006000Z', DER.utcTime)],
  ['second 60', () => time('230101000060Z', DER.utcTime)],
  ['the year 50', () => time('00500101000000Z', DER.generalizedTime)],
]

describe.each(refused)('refuses %s', (_, run) => {
  test('as x509/bad-der', async () => {
    expect(await codeOf(run)).toBe('x509/bad-der')
  })
})
