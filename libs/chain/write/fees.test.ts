import { describe, expect, test } from 'vitest'
import { overUnknown, raised } from './fees.ts'

const fees = (maxFeePerGas: bigint, maxPriorityFeePerGas: bigint) => ({ maxFeePerGas, maxPriorityFeePerGas })

describe('what is offered in the place of a transaction', () => {
  test('is an eighth more of both where the chain asks for no more than before', () => {
    const next = raised(fees(800n, 80n), fees(800n, 80n))
    expect(next).toEqual(fees(901n, 91n))
  })

  test('is what the chain asks for now where that is more', () => {
    expect(raised(fees(800n, 80n), fees(20_000n, 80n))).toEqual(fees(20_000n, 91n))
  })

  test('is never more than four times what the chain asks for now', () => {
    expect(raised(fees(355n, 1n), fees(100n, 1n))).toEqual(fees(400n, 2n))
    expect(raised(fees(356n, 1n), fees(100n, 1n))).toBeNull()
  })

  test('rises within the same bound where nobody knows what was offered, and no tip is above its fee', () => {
    const offers = overUnknown(fees(100n, 1n))
    expect(offers[0]).toEqual(fees(100n, 1n))
    expect(offers.at(-1)).toEqual(fees(400n, 400n))
    for (const offer of offers) expect(offer.maxPriorityFeePerGas).toBeLessThanOrEqual(offer.maxFeePerGas)
  })
})
