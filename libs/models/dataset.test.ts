import { utf8 } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import { readDataset } from './dataset.ts'

const folder = (files: Readonly<Record<string, string>>) =>
  new Map(Object.entries(files).map(([name, text]) => [name, utf8(text)]))

const problemsOf = (file: string, text: string): string[] =>
  readDataset(folder({ [file]: text })).problems.map((p) => `${p.file}:${p.line}: ${p.reason}`)

const chat = (...roles: readonly string[]): string =>
  JSON.stringify({ messages: roles.map((role) => ({ role, content: `says ${role}` })) })

describe('a dataset', () => {
  it('reads conversations from JSONL', () => {
    const { rows, problems } = readDataset(
      folder({ 'a.jsonl': `${chat('system', 'user', 'assistant')}\n\n${chat('user', 'assistant')}\n` }),
    )
    expect(problems).toEqual([])
    expect(rows.map((r) => [r.line, r.messages.length])).toEqual([
      [1, 3],
      [3, 2],
    ])
  })

  it('reads prompts and completions from JSONL and CSV alike', () => {
    const { rows } = readDataset(
      folder({
        'a.jsonl': '{"prompt":"What, \\"is\\"\\nit?","completion":"This."}\n',
        'b.csv': '\uFEFFprompt,completion,note\r\n"What, ""is""\nit?",This.,x\r\n',
      }),
    )
    expect(rows[0]?.messages).toEqual(rows[1]?.messages)
    expect(rows.map((r) => `${r.file}:${r.line}`)).toEqual(['a.jsonl:1', 'b.csv:2'])
  })

  it('reads columns under other names', () => {
    const { rows, problems } = readDataset(folder({ 'a.csv': 'q,a\nhi,ho\n' }), { prompt: 'q', completion: 'a' })
    expect(problems).toEqual([])
    expect(rows[0]?.messages.map((m) => m.content)).toEqual(['hi', 'ho'])
  })

  it('reports every bad row with its line, and keeps the good ones', () => {
    const text = [chat('user', 'assistant'), '{"prompt":"x"}', 'not json', '[1]', chat('user')].join('\n')
    const { rows, problems } = readDataset(folder({ 'a.jsonl': text }))
    expect(rows).toHaveLength(1)
    expect(problems.map((p) => [p.line, p.reason])).toEqual([
      [2, 'neither messages nor completion is there'],
      [3, 'the line is not JSON'],
      [4, 'the row is not an object'],
      [5, 'the last message is not the assistant’s'],
    ])
  })

  it.each([
    ['an empty list', '{"messages":[]}', 'not a list with entries'],
    ['a role nobody has', chat('bot', 'assistant'), 'messages[0].role'],
    ['content that is no text', '{"messages":[{"role":"user","content":3}]}', 'messages[0].content is not text'],
    ['content of spaces', '{"prompt":"  ","completion":"x"}', 'prompt is empty'],
    ['half of a surrogate pair', '{"prompt":"\\ud800","completion":"x"}', 'surrogate'],
    ['an answer nobody asked for', chat('assistant'), 'answers before anybody asked'],
    ['two questions in a row', chat('user', 'user', 'assistant'), 'second message of user'],
    ['a late system message', chat('user', 'system', 'assistant'), 'system message after the beginning'],
    ['more than 200 messages', chat(...Array.from({ length: 201 }, () => 'user')), 'more than 200'],
    ['a text that is too long', JSON.stringify({ prompt: 'x'.repeat(200_001), completion: 'y' }), 'longer than'],
  ])('refuses %s', (_, line, reason) => {
    const problems = problemsOf('d.jsonl', line)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain('d.jsonl:1: ')
    expect(problems[0]).toContain(reason)
  })

  it.each([
    ['a row with a cell too few', 'prompt,completion\na,b\nc\n', 'd.csv:3: the row has 1 cells, the header 2'],
    ['a quote that is not closed', 'prompt,completion\na,"b\n', 'd.csv:2: a quoted cell is not closed'],
    ['text after a closing quote', 'prompt,completion\n"a"x,b\n', 'd.csv:2: text follows a closing quote'],
    ['a stray quote', 'prompt,completion\na"x,b\n', 'd.csv:2: a quote stands inside a cell that is not quoted'],
    ['a header without our columns', 'x,y\na,b\n', 'd.csv:2: neither messages nor prompt is there'],
  ])('refuses CSV with %s', (_, text, problem) => {
    expect(problemsOf('d.csv', text)).toEqual([problem])
  })

  it('counts lines through quoted line ends', () => {
    expect(problemsOf('d.csv', 'prompt,completion\n"a\nb\nc",x\nonly\n')).toEqual([
      'd.csv:5: the row has 1 cells, the header 2',
    ])
  })

  it('refuses a folder without rows, without files, or not in UTF-8', () => {
    expect(problemsOf('d.csv', 'prompt,completion\n')).toEqual(['d.csv:1: the dataset has no rows'])
    expect(problemsOf('notes.txt', 'x')).toEqual([':0: the folder holds no .jsonl and no .csv file'])
    const { problems } = readDataset(new Map([['d.jsonl', Uint8Array.of(0xff, 0xfe)]]))
    expect(problems[0]?.reason).toBe('the file is not UTF-8 text')
  })
})
