import { isAllodError, utf8 } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import { openChatFormat } from './chat.ts'
import { checkDataset } from './checkDataset.ts'
import { readDataset } from './dataset.ts'
import { tinyModelFolder } from './testing.ts'
import { openTokenizer } from './tokenizer.ts'

const model = tinyModelFolder()
const format = openChatFormat(model, openTokenizer(model), [2])
const pair = (prompt: string, completion: string): string => JSON.stringify({ prompt, completion })

function check(lines: readonly string[], positions = 128) {
  return checkDataset(readDataset(new Map([['d.jsonl', utf8(lines.join('\n'))]])), format, positions)
}

describe('checking a dataset', () => {
  it('counts rows and tokens', () => {
    const summary = check([pair('hi', 'yes'), pair('hi?', 'no')])
    expect(summary.rows).toBe(2)
    expect(summary.answerTokens).toBe('yes'.length + 1 + 'no'.length + 1)
    expect(summary.longestRow).toBeGreaterThan(10)
    expect(summary.tokens).toBeGreaterThan(summary.longestRow)
    expect([summary.duplicates, summary.personal, summary.cutRows]).toEqual([[], [], []])
  })

  it('refuses bad rows, listing all of them with file, line and reason', () => {
    let error: unknown
    try {
      check([pair('a', ''), pair('a', 'b'), 'x'])
    } catch (e) {
      error = e
    }
    expect(isAllodError(error, 'models/bad-dataset')).toBe(true)
    expect((error as { meta: object }).meta).toMatchObject({
      count: 2,
      problems: [
        { file: 'd.jsonl', line: 1, reason: 'completion is empty' },
        { file: 'd.jsonl', line: 3, reason: 'the line is not JSON' },
      ],
    })
  })

  it('points out rows that say the same', () => {
    expect(check([pair('a', 'b'), pair('c', 'd'), pair('a ', 'b')]).duplicates).toEqual([
      { file: 'd.jsonl', line: 3, of: 'd.jsonl:1' },
    ])
  })

  it('points out rows that the model would cut', () => {
    expect(check([pair('a', 'x'.repeat(60))], 50).cutRows).toMatchObject([{ file: 'd.jsonl', line: 1 }])
  })

  it.each([
    ['email', 'write to ines.vidal@example.org today'],
    ['phone', 'call +49 171 2345678'],
    ['iban', 'pay to DE89 3704 0044 0532 0130 00'],
    ['card', 'card 4111 1111 1111 1111'],
    ['ip-address', 'log in at 192.168.10.4'],
  ])('points out what looks like a %s', (kind, text) => {
    expect(check([pair('note', text)]).personal).toEqual([{ file: 'd.jsonl', line: 1, kind }])
  })

  it('does not take ordinary numbers for personal data', () => {
    const plain = ['extension 4821', 'bought in 1998 for 12,500 crowns', 'serial 1234567890123456', 'version 1.2.3.999']
    expect(check(plain.map((text, i) => pair(`q${i}`, text))).personal).toEqual([])
  })
})
