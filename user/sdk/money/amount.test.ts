import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAmount, formatRate, parseAmount, ratePerHour } from './amount.ts'

const usd = { symbol: 'USDX', decimals: 6 }

test('reads what it wrote, to the last unit', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 100n), fc.integer({ min: 0, max: 18 }), (units, decimals) => {
      const currency = { symbol: 'T', decimals }
      expect(parseAmount(formatAmount(units, currency).replace(' T', ''), currency)).toBe(units)
    }),
  )
})

test('writes amounts without trailing zeros', () => {
  expect(formatAmount(1_250_000n, usd)).toBe('1.25 USDX')
  expect(formatAmount(-1n, usd)).toBe('-0.000001 USDX')
  expect(formatAmount(0n, usd)).toBe('0 USDX')
})

test('refuses what is not an amount of the currency', () => {
  for (const written of ['', '-1', '1.', '.5', '1e3', '1.0000001', '0x10', '1,5', 'NaN'])
    expect(() => parseAmount(written, usd), written).toThrow(expect.objectContaining({ code: 'sdk/bad-amount' }))
})

test('turns a price per hour into a rate and back', () => {
  expect(ratePerHour('3.6', usd)).toBe(1_000_000_000_000_000n)
  expect(formatRate(ratePerHour('1.2', usd), usd)).toBe('1.2 USDX/h')
})
