/** The seed that a text names: a whole number of 32 bits. Null for any other text. */
export function parseSeed(text: string): number | null {
  const seed = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  return seed <= 0xffffffff ? seed : null
}
