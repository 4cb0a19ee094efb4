import { expect, test } from 'vitest'
import { allEnded } from './allEnded.ts'

test('what was started together is over before its failure is told', async () => {
  const slow = Promise.withResolvers<string>()
  let isSlowOver = false
  void slow.promise.then(() => {
    isSlowOver = true
  })
  const all = allEnded([Promise.reject(new Error('the first')), slow.promise]).catch((error: Error) => [
    error.message,
    isSlowOver,
  ])
  setImmediate(() => slow.resolve('up'))
  expect(await all).toEqual(['the first', true])
})

test('where none fails, each gives what it gave, in order', async () => {
  expect(await allEnded([Promise.resolve(1), Promise.resolve(2)])).toEqual([1, 2])
})
