import { concat, utf8 } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../testing/codeOf.ts'
import { le } from '../../testing/tdxIssuer.ts'
import { isCcel, parseCcel } from './ccel.ts'

const digest = new Uint8Array(48).fill(7)
const event = (register: number, sizeBytes = 4): Uint8Array =>
  concat(le(register, 4), le(4, 4), le(1, 4), le(12, 2), digest, le(sizeBytes, 4), utf8('data'))
const header = concat(
  concat(le(1, 4), le(3, 4), new Uint8Array(20), le(33, 4), utf8('Spec ID Event03\0')),
  concat(le(0, 4), Uint8Array.of(0, 2, 0, 2), le(1, 4), le(12, 2), le(48, 2), Uint8Array.of(0)),
)
const put = (bytes: Uint8Array, at: number, ...values: readonly number[]): Uint8Array => {
  const out = bytes.slice()
  out.set(values, at)
  return out
}
const SIZE_AT = 28
const SIGNATURE_AT = 32
const ALGORITHMS_AT = 56

describe('what is a firmware log', () => {
  test('its first event informs, and names the specification', () => {
    expect(isCcel(header)).toBe(true)
    expect(isCcel(put(header, 4, 4))).toBe(false)
    expect(isCcel(put(header, SIGNATURE_AT, 0x73))).toBe(false)
    expect(isCcel(header.slice(0, 40))).toBe(false)
  })

  test('it may end with its last event, or be unused to its end', () => {
    expect(parseCcel(concat(header, event(1), event(4)))).toEqual([
      { register: 0, digest },
      { register: 3, digest },
    ])
    expect(parseCcel(concat(header, event(2), new Uint8Array(9).fill(0xff)))).toEqual([{ register: 1, digest }])
    expect(parseCcel(header)).toEqual([])
  })
})

const refused: readonly (readonly [string, Uint8Array])[] = [
  ['an event longer than the log', concat(header, event(1, 5))],
  ['a header longer than the log', header.slice(0, -1)],
  ['a header too short for one algorithm', put(header, SIZE_AT, 32)],
  ['a header that ends before its algorithms', put(header.slice(0, 52), SIZE_AT, 20)],
  ['vendor information past the end', put(put(header, SIZE_AT, 35), ALGORITHMS_AT + 8, 2)],
  ['two algorithms', put(header, ALGORITHMS_AT, 2)],
  ['SHA-256 as the algorithm', put(header, ALGORITHMS_AT + 4, 11)],
  ['a digest of 32 bytes', put(header, ALGORITHMS_AT + 6, 32)],
  ['vendor information that is not there', put(header, ALGORITHMS_AT + 8, 1)],
  ['an event with two digests', put(concat(header, event(1)), header.length + 8, 2)],
  ['an event with another digest', put(concat(header, event(1)), header.length + 12, 11)],
]

test.each(refused)('refused: %s', async (_, log) => {
  expect(await codeOf(() => parseCcel(log))).toBe('tdx/bad-event-log')
})

test('vendor information is passed over', () => {
  const longer = put(put(header, SIZE_AT, 35), ALGORITHMS_AT + 8, 2)
  expect(parseCcel(concat(longer, Uint8Array.of(1, 2), event(3)))).toEqual([{ register: 2, digest }])
})
