import type { Json } from '@allod/protocol'
import { expect, test } from 'vitest'
import { promptTokens } from './promptTokens.ts'

const OTHERWISE = 7777
const of = (path: string, body: { readonly [name: string]: Json }) => promptTokens(body, `/v1/${path}`, OTHERWISE)
const hello = { role: 'user', content: 'hello' }

test('a chat is its texts’ bytes and what a template adds, whatever its framing', () => {
  const one = of('chat/completions', { messages: [hello] })
  expect(one).toBeLessThan(64)
  expect(one).toBeGreaterThan(16 + 'userhello'.length)
  const framed = { messages: [{ ...hello, refusal: null, tool_calls: [] }], model: 'm'.repeat(500), tools: [] }
  expect(of('chat/completions', framed)).toBe(one)
  const [long, parts, wide] = [
    'a'.repeat(99_000),
    ['hel', 'lo'].map((text) => ({ type: 'text', text })),
    { ...hello, content: 'héllo', name: 'eve' },
  ]
  expect(of('chat/completions', { messages: [{ ...hello, content: long }] })).toBe(one - 5 + 99_000)
  expect(of('chat/completions', { messages: [{ ...hello, content: parts }] })).toBe(one + 1)
  expect(of('chat/completions', { messages: [wide] })).toBe(one + 1 + 3)
  expect(of('chat/completions', { messages: [hello, hello] })).toBeGreaterThanOrEqual(one + 16 + 9)
})

test.each<[string, { readonly [name: string]: Json }, number]>([
  ['completions', { prompt: 'hello' }, 6],
  ['completions', { prompt: ['hello', [1, 2, 70_000]] }, 9],
  ['completions', { prompt: [1, 2, 70_000] }, 3],
  ['embeddings', { input: ['a', 'bc'] }, 5],
  // Composed as Unicode has it, this letter is twice as long.
  ['embeddings', { input: '\u0958' }, 7],
])('%s of %j has %d tokens at most', (path, body, tokens) => {
  expect(of(path, body)).toBe(tokens)
})

test.each<[string, { readonly [name: string]: Json }]>([
  ['chat/completions', {}],
  ['chat/completions', { messages: [] }],
  ['chat/completions', { messages: [null] }],
  ['chat/completions', { messages: [hello, { role: 'user' }] }],
  ['chat/completions', { messages: [{ ...hello, content: [{ type: 'image_url', image_url: 'x' }] }] }],
  ['chat/completions', { messages: [{ ...hello, content: [null] }] }],
  ['chat/completions', { messages: [{ ...hello, reasoning: 'x' }] }],
  ['chat/completions', { messages: [hello], tools: [{ type: 'function' }] }],
  ['chat/completions', { messages: [hello], response_format: { type: 'json_object' } }],
  ['completions', { prompt: [['a']] }],
  ['completions', { prompt: [1, 'a', 2] }],
  ['completions', { prompt: 'a', suffix: 'b' }],
  ['embeddings', { prompt: 'a' }],
])('%s of %j is not known here', (path, body) => {
  expect(of(path, body)).toBe(OTHERWISE)
})
