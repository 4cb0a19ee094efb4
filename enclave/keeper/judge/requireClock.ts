import { fail } from '../errors.ts'

/**
 * The chain's newest block is recent, and own clock agrees with it. The host sets the clock of a guest and picks what a
 * guest hears; to mislead both alike it would have to forge blocks.
 * @throws keeper/clock-skew
 */
export function requireClock(
  headTime: number,
  now: number,
  { maxHeadAgeSeconds, maxSkewSeconds }: { readonly maxHeadAgeSeconds: number; readonly maxSkewSeconds: number },
): void {
  if (now - headTime > maxHeadAgeSeconds || headTime - now > maxSkewSeconds)
    throw fail('clock-skew', {
      expected: `a block from ${now - maxHeadAgeSeconds} to ${now + maxSkewSeconds}`,
      actual: headTime,
    })
}
