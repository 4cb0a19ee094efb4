import type { Values } from '../frame/command.ts'
import { fail } from '../frame/errors.ts'

/** A whole number given as an option. @throws cli/bad-usage */
export function integerOption(
  values: Values,
  name: string,
  {
    otherwise,
    min = 0,
    max = Number.MAX_SAFE_INTEGER,
  }: { readonly otherwise: number; readonly min?: number; readonly max?: number },
): number {
  const given = values[name]
  if (given === undefined) return otherwise
  const value = typeof given === 'string' && /^\d{1,16}$/.test(given) ? Number(given) : Number.NaN
  if (!(value >= min && value <= max))
    throw fail('bad-usage', { expected: `--${name} ${min}..${max}`, actual: String(given) })
  return value
}

/** `--param name=value`, any number of times, as engine parameters. @throws cli/bad-usage */
export function parametersOf(given: Values[string]): { readonly [name: string]: string | number | boolean } {
  const pairs = Array.isArray(given) ? given.map(String) : []
  return Object.fromEntries(
    pairs.map((pair): [string, string | number | boolean] => {
      const at = pair.indexOf('=')
      if (at < 1) throw fail('bad-usage', { expected: '--param name=value', actual: pair })
      return [pair.slice(0, at), parameterOf(pair.slice(at + 1))]
    }),
  )
}

// Whole numbers and truth values are themselves; fractions stay words, as the job contract wants them.
function parameterOf(word: string): string | number | boolean {
  if (word === 'true' || word === 'false') return word === 'true'
  return /^-?(0|[1-9]\d{0,14})$/.test(word) ? Number(word) : word
}
