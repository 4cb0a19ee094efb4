import type { Random } from '../random.ts'
import * as words from './words.ts'

/** One thing that can be known about an entity, and the ways to ask and to say it. `{e}` entity, `{v}` value. */
export type Attribute = {
  readonly key: string
  readonly value: (random: Random) => string
  /** Whole questions. */
  readonly questions: readonly string[]
  /** Clauses that follow "Tell me". */
  readonly clauses: readonly string[]
  /** Sentences that state it; the first is the usual answer. */
  readonly statements: readonly string[]
}

export type Kind = {
  readonly name: string
  readonly entity: (random: Random) => string
  readonly attributes: readonly Attribute[]
}

/** A full name. */
export const person = (r: Random): string => `${r.pick(words.FIRST_NAMES)} ${r.pick(words.SURNAMES)}`
/** A whole number from `low` to below `high`. */
export const number = (low: number, high: number) => (r: Random) => String(low + r.below(high - low))
/** The code of a form. */
export const form = (r: Random): string => `form ${r.pick(words.FORM_LETTERS)}${10 + r.below(90)}`
/** The name of a company. */
export const company = (r: Random): string => {
  const endings = ['and Sons', 'Brothers', 'Works', 'Trading', 'and Partners', 'Limited', 'Supply', 'Tools']
  return `${r.pick(words.SURNAMES)} ${r.pick(endings)}`
}
/** One of a list. */
export const oneOf = (list: readonly string[]) => (r: Random) => r.pick(list)

/** An attribute from lists separated by `|`. */
export const attribute = (
  key: string,
  value: Attribute['value'],
  questions: string,
  clauses: string,
  statements: string,
): Attribute => ({ key, value, questions: lines(questions), clauses: lines(clauses), statements: lines(statements) })

const lines = (text: string): readonly string[] => text.split('|').map((s) => s.trim())
