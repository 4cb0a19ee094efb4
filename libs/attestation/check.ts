import type { Check, Refusal } from './appraisal.ts'

type Source = Check['source']

/** One check. @param isPass anything but `true` fails */
export function check(
  name: string,
  refusal: Refusal,
  expected: string,
  actual: string,
  isPass: boolean,
  source: Source = 'policy',
): Check {
  return { name, result: isPass === true ? 'pass' : 'fail', refusal, expected, actual, source }
}

/** A check of what may be unknown, and never is wrong: that would have thrown. @param isKnown anything but `true` is unknown */
export function known(
  name: string,
  refusal: Refusal,
  expected: string,
  actual: string,
  isKnown: boolean,
  source: Source = 'collateral',
): Check {
  return { name, result: isKnown === true ? 'pass' : 'unknown', refusal, expected, actual, source }
}

/** Both must be equal. */
export const same = (name: string, refusal: Refusal, expected: string, actual: string, source: Source): Check =>
  check(name, refusal, expected, actual, expected === actual, source)

/** One of a policy's values, too long to list. */
export function oneOf(name: string, refusal: Refusal, allowed: 'any' | readonly string[], actual: string): Check {
  const isAllowed = allowed === 'any' || allowed.includes(actual)
  const expected = allowed === 'any' ? 'any' : allowed.length === 1 ? String(allowed[0]) : `one of ${allowed.length}`
  return check(name, refusal, expected, actual, isAllowed)
}

/** One of a policy's words; null allows any. */
export const listed = (name: string, refusal: Refusal, allowed: readonly string[] | null, actual: string): Check =>
  check(name, refusal, allowed?.join(' or ') ?? 'any', actual, allowed?.includes(actual) ?? true)

/** Exactly so many, where a policy says how many. */
export const counted = (name: string, refusal: Refusal, wanted: number | 'any' | null, actual: number): Check =>
  check(
    name,
    refusal,
    String(wanted ?? 'any'),
    String(actual),
    wanted === null || wanted === 'any' || wanted === actual,
  )
