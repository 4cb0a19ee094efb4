import { issueAccessToken, newSigningKey } from '@allod/protocol'
import { expect, test } from 'vitest'
import { hex32 } from '../testing/newOrder.ts'
import { Quotas } from './Quotas.ts'

const issuer = newSigningKey()
const NOW = 1_800_000_000
/** Sixteen hours later: another day, and the same token. */
const NEXT_DAY = NOW + 57_600
const order = hex32(1)
const token = (fill = 'aa', quota = 100) =>
  issueAccessToken(issuer, { order, id: `0x${fill.repeat(16)}`, quota, expiry: NOW + 86_400 })
const at = (now: number) => ({ order, issuer: issuer.address, now })

const limits = { requestsPerMinute: 10, tokensPerDay: 1000, bytesPerDay: 1000 }
/** One answer to a prompt of nothing. */
const one = (wanted: number) => ({ prompt: 0, answers: 1, wanted })
const usedUp = (of: string) =>
  expect.objectContaining({ code: 'runtime/quota-used-up', meta: expect.objectContaining({ of }) })

test('counts requests by the minute, for each token on its own', () => {
  const quotas = new Quotas({ ...limits, requestsPerMinute: 2 })
  for (let i = 0; i < 2; i++) quotas.admit(token(), at(NOW))
  expect(() => quotas.admit(token(), at(NOW))).toThrow(expect.objectContaining({ code: 'runtime/too-many-requests' }))
  quotas.admit(token('bb'), at(NOW))
  quotas.admit(token(), at(NOW + 60))
})

test.each([
  ['the token', 100, 1000],
  ['tokens a day', 1000, 100],
])('ends with the quota of %s', (of, quota, tokensPerDay) => {
  const quotas = new Quotas({ ...limits, tokensPerDay })
  quotas.admit(token('aa', quota), at(NOW))
  quotas.reserve(token('aa', quota), one(100), NOW).settle(99)
  quotas.admit(token('aa', quota), at(NOW))
  quotas.reserve(token('aa', quota), one(1), NOW).settle(1)
  expect(() => quotas.admit(token('aa', quota), at(NOW))).toThrow(usedUp(of))
})

test('a day’s tokens and bytes come back with the next day, the token’s own do not', () => {
  const quotas = new Quotas({ ...limits, tokensPerDay: 50 })
  quotas.admit(token(), at(NOW))
  const spending = quotas.reserve(token(), one(50), NOW)
  spending.bytes(1000)
  spending.settle(50)
  expect(() => quotas.admit(token(), at(NOW))).toThrow(usedUp('bytes a day'))
  quotas.admit(token(), at(NEXT_DAY))
  quotas.reserve(token(), one(50), NEXT_DAY).settle(50)
  expect(() => quotas.admit(token(), at(NEXT_DAY))).toThrow(usedUp('the token'))
})

test('requests at once cannot use more than requests one after the other', () => {
  const quotas = new Quotas(limits)
  for (let i = 0; i < 3; i++) quotas.admit(token(), at(NOW))
  const first = quotas.reserve(token(), one(60), NOW)
  const second = quotas.reserve(token(), one(4096), NOW)
  expect(() => quotas.reserve(token(), one(1), NOW)).toThrow(usedUp('the token'))
  expect([first.maxTokens, second.maxTokens]).toEqual([60, 40])
  first.settle(10)
  first.settle(10)
  second.settle(20)
  quotas.reserve(token(), one(70), NOW).settle(70)
  expect(() => quotas.admit(token(), at(NOW))).toThrow(usedUp('the token'))
})

test('holds back a prompt, and each of several answers', () => {
  const quotas = new Quotas(limits)
  const reserve = (prompt: number, answers: number, wanted: number) =>
    quotas.reserve(token(), { prompt, answers, wanted }, NOW)
  quotas.admit(token(), at(NOW))
  const first = reserve(20, 4, 10)
  expect(first.maxTokens).toBe(10)
  expect(() => reserve(41, 0, 0)).toThrow(usedUp('the token'))
  expect(() => reserve(37, 4, 1)).toThrow(usedUp('the token'))
  expect(reserve(0, 4, 100).maxTokens).toBe(10)
  first.settle(1)
  expect(reserve(58, 0, 0).maxTokens).toBe(0)
})

test('counts a day’s bytes before they are sent, for answers at once together', () => {
  const quotas = new Quotas(limits)
  quotas.admit(token(), at(NOW))
  const [a, b] = [quotas.reserve(token(), one(1), NOW), quotas.reserve(token(), one(1), NOW)]
  a.bytes(600)
  expect(() => b.bytes(401)).toThrow(usedUp('bytes a day'))
  b.bytes(400)
  expect(() => a.bytes(1)).toThrow(usedUp('bytes a day'))
})

test('counts nothing for a token that is not good', () => {
  const quotas = new Quotas({ ...limits, requestsPerMinute: 1 })
  const stranger = { ...at(NOW), issuer: newSigningKey().address }
  expect(() => quotas.admit(token(), stranger)).toThrow(expect.objectContaining({ code: 'protocol/token-refused' }))
  quotas.admit(token(), at(NOW))
})
