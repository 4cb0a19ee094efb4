import { expect, test } from 'vitest'
import { inBatches } from './inBatches.ts'

test('does it with each, in order, and with no more at once than told', async () => {
  let [now, most] = [0, 0]
  const squares = await inBatches([1, 2, 3, 4, 5, 6, 7], 3, async (n) => {
    most = Math.max(most, ++now)
    await new Promise(setImmediate)
    now--
    return n * n
  })
  expect(squares).toEqual([1, 4, 9, 16, 25, 36, 49])
  expect(most).toBe(3)
  expect(await inBatches([], 3, async () => 1)).toEqual([])
})
