import { expect, test } from 'vitest'
import { parseEvent } from './events.ts'

test('reads a piece of an answer, and nothing of a comment or the end', () => {
  expect(parseEvent('data: {"choices":[{"delta":{"content":"a"}}]}')).toEqual({
    choices: [{ delta: { content: 'a' } }],
  })
  expect([': allod-receipt {}', 'data: [DONE]', ''].map(parseEvent)).toEqual([null, null, null])
})

test('an answer that the agent breaks off says why: sdk/agent-error', () => {
  const event = 'data: {"error":{"code":"runtime/quota-used-up","message":"a quota is used up"}}'
  expect(() => parseEvent(event)).toThrow(
    expect.objectContaining({
      code: 'sdk/agent-error',
      meta: { actual: 'runtime/quota-used-up', says: 'a quota is used up' },
    }),
  )
})

test('what is no document is sdk/bad-answer', () => {
  expect(() => parseEvent('data: {')).toThrow(expect.objectContaining({ code: 'sdk/bad-answer' }))
})
