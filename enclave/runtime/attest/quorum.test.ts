import { expect, test } from 'vitest'
import { newOrder } from '../testing/newOrder.ts'
import { askAll, membersOf, reasons } from './quorum.ts'

const { job } = await newOrder()
const members = membersOf(job.committee)
const never = new Promise<never>(() => {})
const silentAt =
  (...places: readonly number[]) =>
  ({ destination }: { readonly destination: string }) =>
    places.includes(Number(destination.slice(7))) ? never : Promise.resolve(destination)

test('a keeper that never answers costs a tail once enough have, and is named', async () => {
  const from = performance.now()
  const answers = await askAll(members, silentAt(1), (given) => given.length >= 2)
  expect(performance.now() - from).toBeLessThan(5000)
  expect(answers.map((a) => a.kind)).toEqual(['ok', 'refused', 'ok'])
  expect(reasons(answers)).toMatchObject([{ keeper: members[1]?.id, code: 'runtime/keeper-unreachable' }])
})

test('one that is slower than the first t still counts', async () => {
  const slow = Promise.withResolvers<string>()
  const asked = askAll(
    members,
    (m) => (m.destination === 'keeper-2' ? slow.promise : Promise.resolve(m.destination)),
    (given) => {
      // Enough have answered: only now does the last one.
      if (given.length === 2) slow.resolve('keeper-2')
      return given.length >= 2
    },
  )
  expect((await asked).map((a) => a.kind)).toEqual(['ok', 'ok', 'ok'])
})

test('nobody is cut off while too few answered', async () => {
  const last = Promise.withResolvers<string>()
  const seen: AbortSignal[] = []
  const asked = askAll(
    members,
    (m, signal) => {
      seen.push(signal)
      if (m.destination === 'keeper-0') return Promise.resolve(m.destination)
      return m.destination === 'keeper-1' ? Promise.reject(new Error('down')) : last.promise
    },
    (given) => given.length >= 2,
  )
  last.resolve('keeper-2')
  expect((await asked).map((a) => a.kind)).toEqual(['ok', 'refused', 'ok'])
  expect(seen.some((signal) => signal.aborted)).toBe(false)
})
