import { concat, fromHex } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import { certificateTable } from '../testing/sevSnpIssuer.ts'
import { parseCertificateTable } from './certificateTable.ts'

const ask = fromHex('0x4ab7b379bbac4fe4a02f05aef327c782')
const part = Uint8Array.of(1, 2, 3)
const tableOf = (...parts: readonly Uint8Array[]) => certificateTable(parts.map((one) => [ask, one]))
const FIRST_PART = 48
/** One part, said to start and to have the size given. */
function placed(start: number, size: number, rest: Uint8Array): Uint8Array {
  const table = concat(tableOf(part).subarray(0, FIRST_PART), rest)
  const view = new DataView(table.buffer)
  view.setUint32(16, start, true)
  view.setUint32(20, size, true)
  return table
}

test('a table has at most sixteen entries', () => {
  expect(parseCertificateTable(tableOf(...Array<Uint8Array>(16).fill(part))).length).toBe(16)
  expect(parseCertificateTable(placed(FIRST_PART + 1, 3, concat(Uint8Array.of(0), part)))).toEqual([
    { sort: 'ask', bytes: part },
  ])
})

describe('refused', () => {
  const overlapping = tableOf(part, part)
  new DataView(overlapping.buffer).setUint32(24 + 16, 72, true)
  test.each([
    ['seventeen entries', tableOf(...Array<Uint8Array>(17).fill(part))],
    ['an entry of an unknown GUID', certificateTable([[new Uint8Array(16).fill(5), part]])],
    ['parts that overlap', overlapping.slice(0, -3)],
    ['a part inside the header', placed(0, 3, part)],
    ['a part of no bytes', placed(FIRST_PART, 0, new Uint8Array())],
    ['something in front of the first part', placed(FIRST_PART + 1, 3, concat(Uint8Array.of(9), part))],
  ])('%s', async (_, table) => {
    expect(await codeOf(() => parseCertificateTable(table))).toBe('sevsnp/bad-certificate-table')
  })
})
