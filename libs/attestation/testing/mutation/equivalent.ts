/** A mutant that no test can tell from the original, and why. */
export type Equivalent = { readonly file: string; readonly text: string; readonly why: string }

/** Checks whose removal changes nothing that can be seen: another check behind them refuses the same. */
export const equivalents: readonly Equivalent[] = [
  {
    file: 'x509/crl.ts',
    text: 'elements.length === 7',
    why: 'it bounds how much is remembered of a hostile list, which is refused all the same',
  },
  {
    file: 'x509/der.ts',
    text: 'octets < 1',
    why: 'a length of no octets is less than the least that no octets may say, so that the next check refuses it',
  },
  {
    file: 'x509/pem.ts',
    text: 'end === -1',
    why: 'without an end the search starts over, until there are more blocks than wanted',
  },
]
