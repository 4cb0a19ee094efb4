import { expect, test } from 'vitest'
import { onTerminal, painter } from '../frame/paint.ts'
import { columns, shortHex } from './columns.ts'
import { jsonOf } from './jsonOf.ts'
import { plotCurve } from './lossCurve.ts'
import { pairs } from './pairs.ts'
import { oneLine, plain, plainJson } from './plain.ts'
import { formatBytes, formatSeconds, formatTransfer } from './transfer.ts'

test('aligns columns by what is seen', () => {
  const { red } = painter(true)
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

test('shows what others wrote and obeys none of it; only our colours become codes', () => {
  const { red } = painter(true)
  expect(onTerminal(red('a\u001b[32mb'))).toBe('\u001b[31ma\ufffd[32mb\u001b[39m')
  const obeyed = ['\u0000', '\b', '\r', '\u001b', '\u007f', '\u0085', '\u009b', '\u202e', '\u2066']
  for (const c of obeyed) expect(plain(`a${c}b`), JSON.stringify(c)).toBe('a\ufffdb')
  expect(plain('two\n\tlines, é — 中 🙂')).toBe('two\n\tlines, é — 中 🙂')
  expect(plain('as others end\r\nlines')).toBe('as others end\nlines')
  expect(oneLine('failed\n✓ settled\u2028✓ paid')).toBe('failed ✓ settled ✓ paid')
})

test('keeps a document the same, and what is shown of it plain', () => {
  const document = { said: 'a\u001b]52;c;aGk=\u0007\u009b\u007f\u202e\n' }
  expect(plainJson(document, 2)).toBe('{\n  "said": "a\\u001b]52;c;aGk=\\u0007\\u009b\\u007f\\u202e\\n"\n}')
  expect(JSON.parse(plainJson(document))).toEqual(document)
})

test('a row or a pair is one line, whatever stands in it', () => {
  expect(
    columns([
      ['a', 'b'],
      ['x\ny', 'z'],
    ]),
  ).toBe('a    b\nx y  z')
  expect(pairs([['name', 'x\nowner  you']])).toBe('name  x owner  you')
})
