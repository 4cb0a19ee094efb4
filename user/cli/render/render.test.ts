import { expect, test } from 'vitest'
import { columns, shortHex } from './columns.ts'
import { jsonOf } from './jsonOf.ts'
import { plotCurve } from './lossCurve.ts'
import { pairs } from './pairs.ts'
import { formatBytes, formatSeconds, formatTransfer } from './transfer.ts'

test('aligns columns by what is seen', () => {
  const red = (text: string) => `\u001b[31m${text}\u001b[39m`
  expect(
    columns(
      [
        ['a', 'b'],
        [red('long'), '1'],
        ['x', '22'],
      ],
      { right: [1] },
    ),
  ).toBe(`a      b\n${red('long')}   1\nx     22`)
  expect(shortHex(`0x${'ab'.repeat(32)}`)).toBe('0xabababab…')
  expect(
    pairs([
      ['one', '1'],
      ['three', '3'],
      ['gone', ''],
    ]),
  ).toBe('one    1\nthree  3')
})

test('prints amounts and bytes as text, and nothing that is not there', () => {
  const said = { amount: 2n ** 70n, receipt: { bytes: new Uint8Array([251, 255, 0]) }, list: [1n], gone: undefined }
  expect(jsonOf(said)).toEqual({ amount: '1180591620717411303424', receipt: { bytes: '-_8A' }, list: ['1'] })
  expect(jsonOf(undefined)).toBe(null)
})

test('draws a falling curve with its bounds and range', () => {
  const points = Array.from({ length: 100 }, (_, i) => ({ x: i + 1, y: 4 - i * 0.03 }))
  const lines = plotCurve(points, { width: 40, height: 4 }).split('\n')
  expect(lines).toHaveLength(5)
  expect(lines[0]).toMatch(/^4\.000 ┤█/)
  expect(lines[3]).toMatch(/^1\.030 ┤█+[▇▆▅▄▃▂]+▁$/)
  expect(lines[4]).toMatch(/1 +100$/)
  expect(lines.every((line) => [...line].length <= 40)).toBe(true)
})

test('draws one point, a flat line and nothing', () => {
  expect(plotCurve([], { width: 40 })).toBe('')
  expect(plotCurve([{ x: 1, y: 2 }], { width: 40 })).toContain('2.000')
  expect(
    plotCurve(
      [
        { x: 1, y: 2 },
        { x: 2, y: 2 },
      ],
      { width: 40 },
    ),
  ).not.toContain('NaN')
})

test('writes bytes, rates and what is left', () => {
  expect([0, 1023, 1536, 5 * 2 ** 30].map(formatBytes)).toEqual(['0 B', '1023 B', '1.5 KiB', '5.0 GiB'])
  expect([0, 59, 60, 61, 3600, 3900].map(formatSeconds)).toEqual([
    '0 s',
    '59 s',
    '1 min',
    '1 min 1 s',
    '1 h',
    '1 h 5 min',
  ])
  expect(formatTransfer({ doneBytes: 2 ** 20, totalBytes: 3 * 2 ** 20 }, 1000)).toBe(
    '1.0 MiB of 3.0 MiB, 1.0 MiB/s, 2 s left',
  )
  expect(formatTransfer({ doneBytes: 0, totalBytes: 0 }, 0)).toBe('0 B, 0 B/s')
})
