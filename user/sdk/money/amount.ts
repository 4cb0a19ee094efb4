import { fail } from '../errors.ts'

/** A token as people write it. */
export type Currency = { readonly symbol: string; readonly decimals: number }

/** Rates on chain are in 1e-12 token units per second. */
export const RATE_SCALE = 1_000_000_000_000n

const HOUR = 3600n

/** Token units of a written amount, like `1.25`. @throws sdk/bad-amount */
export function parseAmount(written: string, { decimals }: Currency): bigint {
  const match = /^(\d{1,40})(?:\.(\d{1,36}))?$/.exec(written.trim())
  const fraction = match?.[2] ?? ''
  if (match === null || fraction.length > decimals)
    throw fail('bad-amount', { expected: `at most ${decimals} decimals`, actual: written.slice(0, 80) })
  return BigInt(match[1] as string) * 10n ** BigInt(decimals) + BigInt(fraction.padEnd(decimals, '0') || '0')
}

/** `1.25 USDX`: every unit shown, no trailing zeros. */
export function formatAmount(units: bigint, { symbol, decimals }: Currency): string {
  return `${formatUnits(units, decimals)} ${symbol}`
}

/** A written price per hour as a rate. @throws sdk/bad-amount */
export const ratePerHour = (written: string, currency: Currency): bigint =>
  (parseAmount(written, currency) * RATE_SCALE) / HOUR

/** `1.2 USDX/h` of a rate, rounded to a unit. */
export const formatRate = (perSecond: bigint, currency: Currency): string =>
  `${formatAmount((perSecond * HOUR + RATE_SCALE / 2n) / RATE_SCALE, currency)}/h`

function formatUnits(units: bigint, decimals: number): string {
  const sign = units < 0n ? '-' : ''
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`
}
