import { issueAccessToken, newSigningKey } from '@allod/protocol'
import { expect, test } from 'vitest'
import { hex32 } from '../testing/newOrder.ts'
import { Quotas } from './Quotas.ts'

const issuer = newSigningKey()
const NOW = 1_800_000_000
const order = hex32(1)
const token = (fill = 'aa', quota = 100) =>
  issueAccessToken(issuer, { order, id: `0x${fill.repeat(16)}`, quota, expiry: NOW + 3600 })
const at = (now: number) => ({ order, issuer: issuer.address, now })

test('counts requests by the minute, for each token on its own', () => {
  const quotas = new Quotas({ requestsPerMinute: 2, tokensPerClient: 1000 })
  for (let i = 0; i < 2; i++) quotas.admit(token(), at(NOW))
  expect(() => quotas.admit(token(), at(NOW))).toThrow(expect.objectContaining({ code: 'runtime/too-many-requests' }))
  quotas.admit(token('bb'), at(NOW))
  quotas.admit(token(), at(NOW + 60))
})

test.each([
  ['the token', 100, 1000],
  ['the policy', 1000, 100],
])('ends with the quota of %s', (_, quota, tokensPerClient) => {
  const quotas = new Quotas({ requestsPerMinute: 10, tokensPerClient })
  quotas.admit(token('aa', quota), at(NOW))
  quotas.spend(token().id, 99)
  quotas.admit(token('aa', quota), at(NOW))
  quotas.spend(token().id, 1)
  expect(() => quotas.admit(token('aa', quota), at(NOW))).toThrow(
    expect.objectContaining({ code: 'runtime/quota-used-up', meta: expect.objectContaining({ actual: 100 }) }),
  )
})

test('counts nothing for a token that is not good', () => {
  const quotas = new Quotas({ requestsPerMinute: 1, tokensPerClient: 1000 })
  const stranger = { ...at(NOW), issuer: newSigningKey().address }
  expect(() => quotas.admit(token(), stranger)).toThrow(expect.objectContaining({ code: 'protocol/token-refused' }))
  quotas.admit(token(), at(NOW))
})
