import { fromUtf8, type Json, utf8 } from '@allod/protocol'
import { expect, test } from 'vitest'
import { readBody } from './readBody.ts'

const serving = { logprobs: false, embeddings: true, tokensPerClientPerDay: 1000, bytesPerClientPerDay: 1000 }
const read = (path: string, body: Json, unstated: unknown = undefined) =>
  readBody(utf8(JSON.stringify(body)), `/v1/${path}`, { serving, unstated })

test.each<[string, Json, unknown, { answers: number; wanted: number; prompt?: number }]>([
  ['chat/completions', { max_tokens: 9, n: 2 }, 7, { answers: 2, wanted: 9 }],
  ['chat/completions', { max_tokens: 9, max_completion_tokens: 30 }, 7, { answers: 1, wanted: 30 }],
  ['chat/completions', { max_tokens: null, n: null }, 7, { answers: 1, wanted: 7 }],
  ['chat/completions', {}, 'many', { answers: 1, wanted: 4096 }],
  ['completions', { prompt: ['a', [1, 2], 'c'], n: 2 }, 7, { answers: 6, wanted: 16, prompt: 6 }],
  ['completions', { prompt: [1, 2, 3], best_of: 4 }, 7, { answers: 4, wanted: 16, prompt: 3 }],
  ['completions', { prompt: [] }, 7, { answers: 1, wanted: 16 }],
  ['embeddings', { input: ['a', 'b'] }, 7, { answers: 0, wanted: 0, prompt: 4 }],
])(
  'holds %s %j with %j tokens where it says nothing for %j, and a token for each byte of what is not known',
  (path, body, unstated, cost) => {
    expect(read(path, body, unstated).cost).toEqual({ prompt: JSON.stringify(body).length, ...cost })
  },
)

test('the engine gets every name of an answer’s length, cut; the receipt is for what was asked', () => {
  const body = { max_tokens: 9, max_completion_tokens: 30 }
  const { asked, toEngine } = read('chat/completions', body)
  expect(JSON.parse(fromUtf8(toEngine(20)))).toEqual({ max_tokens: 9, max_completion_tokens: 20 })
  expect(JSON.parse(fromUtf8(asked))).toEqual(body)
  expect(fromUtf8(read('completions', { prompt: 'a' }).toEngine(5))).toBe('{"prompt":"a","max_tokens":5}')
})

test.each(['n', 'best_of', 'max_tokens', 'max_completion_tokens'])('refuses a %s that cannot be counted', (name) => {
  for (const value of [0, -1, 1.5, '2', 1e12, [1]])
    expect(() => read('chat/completions', { [name]: value })).toThrow(
      expect.objectContaining({ code: 'runtime/body-refused' }),
    )
})
