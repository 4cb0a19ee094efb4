import { errorsOf, type Shape } from '@allod/protocol'

const fail = errorsOf('models', {
  'bad-number': ['a number is not a plain decimal in its range', 'write it like "0.003"'],
})

/** A fraction in a document that is hashed or signed: a plain decimal string such as `0.0030` or `-1.25`. */
export const decimal =
  (min: number, max: number): Shape<string> =>
  (value, path = '$') => {
    const isPlain = typeof value === 'string' && /^-?(0|[1-9]\d{0,14})(\.\d{1,12})?$/.test(value)
    if (!isPlain || Number(value) < min || Number(value) > max)
      throw fail('bad-number', {
        expected: `decimal in ${min}..${max}`,
        actual: String(value).slice(0, 40),
        meta: { path },
      })
    return value
  }

/** A finite number as a decimal string with `digits` places, held within ±10^12. */
export function toDecimal(value: number, digits = 4): string {
  const held = Number.isNaN(value) ? 0 : Math.max(-1e12, Math.min(1e12, value))
  const text = held.toFixed(digits)
  return Number(text) === 0 ? text.replace('-', '') : text
}
