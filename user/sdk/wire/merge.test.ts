import { expect, test } from 'vitest'
import { merge } from './merge.ts'

/** Values a moment apart, for ever. */
async function* ticking(value: string): AsyncGenerator<string, void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    yield value
  }
}

const idle = { idleMs: 60, onIdle: () => new Error('idle'), isNews: (value: string) => value === 'news' }

test('streams in which nothing happens end as idle, however often they say so', async () => {
  const read = async () => {
    for await (const value of merge([ticking('as it was')], idle)) expect(value).toBe('as it was')
  }
  await expect(read()).rejects.toThrow('idle')
})

test('what happens goes on for as long as it does', async () => {
  const until = performance.now() + 4 * idle.idleMs
  const read = async () => {
    for await (const value of merge([ticking('as it was'), ticking('news')], { ...idle, idleMs: 60_000 }))
      if (value === 'news' && performance.now() > until) return value
    return null
  }
  expect(await read()).toBe('news')
})
