/** A mutant that no test can tell from the original, and why. */
export type Equivalent = { readonly file: string; readonly text: string; readonly why: string }

/** Checks whose removal changes nothing that can be seen: another check behind them refuses the same. */
export const equivalents: readonly Equivalent[] = []
