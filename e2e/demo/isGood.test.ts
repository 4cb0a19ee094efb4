import { expect, test } from 'vitest'
import type { Figures } from './figuresOf.ts'
import { isGood } from './isGood.ts'

const figures: Omit<Figures, 'ok'> = {
  seconds: 80,
  seed: 7,
  questions: 28,
  baseCorrect: 2,
  tunedCorrect: 26,
  unknown: 12,
  tunedDeclined: 10,
  agentVerified: true,
  reportVerified: true,
  tamperedReportRefused: true,
  paid: '1',
  refunded: '1',
  escrowLeft: '0',
  withdrawn: '2',
  marketHolds: '0',
  orders: 2,
  isolation: 'bubblewrap',
}
const money = { paid: 1n, isPaidOut: true }

test('a story is good where everything in it is', () => expect(isGood(figures, money, false)).toBe(true))

test.each<Partial<Figures>>([
  { agentVerified: false },
  { reportVerified: false },
  { tamperedReportRefused: false },
  { questions: 19, tunedCorrect: 19, baseCorrect: 0 },
  { tunedCorrect: 25 },
  { baseCorrect: 3 },
  { isolation: 'none' },
  { isolation: null },
])('and is not with %o', (other) => expect(isGood({ ...figures, ...other }, money, false)).toBe(false))

test.each([{ paid: 0n }, { isPaidOut: false }])('nor where of the money %o', (other) =>
  expect(isGood(figures, { ...money, ...other }, false)).toBe(false),
)

test('without a sandbox it is good only where that was allowed, and evidence says so', () => {
  expect(isGood({ ...figures, isolation: 'none' }, money, true)).toBe(true)
  expect(isGood({ ...figures, isolation: null }, money, true)).toBe(false)
})
