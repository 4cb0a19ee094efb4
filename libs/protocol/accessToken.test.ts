import { expect, test } from 'vitest'
import { issueAccessToken, maxTokenSeconds, requireAccessToken } from './accessToken.ts'
import { newSigningKey } from './signature.ts'
import { fill } from './testing/samples.ts'

const now = 1_800_000_000
const issuer = newSigningKey(new Uint8Array(32).fill(7))
const body = { order: fill(32, 1), id: fill(16, 2), quota: 1000, expiry: now + 600 }
const good = issueAccessToken(issuer, body)
const expected = { order: body.order, issuer: issuer.address, now }
const refused = (reason: string) =>
  expect.objectContaining({ code: 'protocol/token-refused', meta: { actual: reason } })

test('a token of the issuer opens its agent until it expires', () => {
  expect(requireAccessToken(good, expected)).toBeUndefined()
  expect(requireAccessToken(good, { ...expected, now: body.expiry - 1 })).toBeUndefined()
})

test('a token for another order is refused', () => {
  expect(() => requireAccessToken(good, { ...expected, order: fill(32, 9) })).toThrow(refused('another order'))
})

test('a token is refused from the second it expires', () => {
  expect(() => requireAccessToken(good, { ...expected, now: body.expiry })).toThrow(refused('expired'))
})

test('a token that lives too long is refused', () => {
  const long = issueAccessToken(issuer, { ...body, expiry: now + maxTokenSeconds + 301 })
  expect(() => requireAccessToken(long, expected)).toThrow(refused('lives longer than a day'))
})

test.each([
  ['another issuer', issueAccessToken(newSigningKey(new Uint8Array(32).fill(8)), body)],
  ['a raised quota', { ...good, quota: 1_000_000 }],
  ['a later end', { ...good, expiry: good.expiry + 1 }],
  ['another id', { ...good, id: fill(16, 3) }],
])('a token with %s is refused', (_, token) => {
  expect(() => requireAccessToken(token, expected)).toThrow(refused('another issuer'))
})
