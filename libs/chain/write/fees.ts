/** What a transaction offers for its gas. */
export type Fees = { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint }

/** So many times what the chain asks for now is the most that is ever offered in somebody's place: what that does not move, money will not. */
const MOST = 4n

/**
 * What takes the place of a transaction that offers `before`: an eighth more of each, as endpoints ask of a replacement, and
 * what the chain asks for `now` at least. Null where that is over the bound.
 */
export function raised(before: Fees, now: Fees): Fees | null {
  const maxFeePerGas = larger(before.maxFeePerGas, now.maxFeePerGas)
  if (maxFeePerGas > MOST * now.maxFeePerGas) return null
  return { maxFeePerGas, maxPriorityFeePerGas: larger(before.maxPriorityFeePerGas, now.maxPriorityFeePerGas) }
}

/** What to offer in the place of a transaction whose fees nobody here knows, one after the other until an endpoint takes it. */
export function overUnknown(now: Fees): readonly Fees[] {
  const times = (factor: bigint): Fees => ({
    maxFeePerGas: factor * now.maxFeePerGas,
    maxPriorityFeePerGas: factor * now.maxPriorityFeePerGas,
  })
  // At last a tip as large as can be: its predecessor's may have been large for a fee that was too small.
  return [now, times(2n), times(MOST), { ...times(MOST), maxPriorityFeePerGas: MOST * now.maxFeePerGas }]
}

function larger(before: bigint, now: bigint): bigint {
  const more = before + before / 8n + 1n
  return more > now ? more : now
}
