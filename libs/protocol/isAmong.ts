import type { Hex } from './bytes.ts'

type Choice = { readonly kind: 'any' | 'registered' } | { readonly kind: 'list'; readonly list: readonly Hex[] }

/** Whether a clause of a policy lets this one in. Who is registered is for the chain to say. */
export const isAmong = (choice: Choice, one: Hex): boolean => choice.kind !== 'list' || choice.list.includes(one)
