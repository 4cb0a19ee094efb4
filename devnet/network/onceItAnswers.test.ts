import { expect, test } from 'vitest'
import { onceItAnswers } from './onceItAnswers.ts'

test('a keeper is asked until it answers', async () => {
  let asked = 0
  const ask = async () => {
    if (++asked < 3) throw new Error('nothing there yet')
    return 'here'
  }
  expect(await onceItAnswers('keeper-1', ask)).toBe('here')
  expect(asked).toBe(3)
})

test('one that stays silent is devnet/keeper-silent, by name', async () => {
  const ask = () => Promise.reject(new Error('nothing there'))
  await expect(onceItAnswers('keeper-1', ask, { withinMs: 0 })).rejects.toMatchObject({
    code: 'devnet/keeper-silent',
    meta: { actual: 'keeper-1' },
  })
})
