import type { JobSpec } from './jobSpec.ts'
import type { OrderTerms } from './order.ts'

/** As long as any environment lets a guest run. */
export const LONGEST_WALL_MS = 366 * 86_400_000

/**
 * For how long a machine's own clock lets an order's work run. A time that reaches to the end of the term or beyond is the
 * term's own, which the chain tells and which may be extended: no clock set at the start may end it then.
 * @param spareSeconds what is needed around a time that is not the term's
 */
export const wallMs = (
  { spec, terms }: { readonly spec: Pick<JobSpec, 'limits'>; readonly terms: Pick<OrderTerms, 'seconds'> },
  spareSeconds = 0,
): number =>
  spec.limits.seconds < terms.seconds
    ? Math.min(LONGEST_WALL_MS, (spec.limits.seconds + spareSeconds) * 1000)
    : LONGEST_WALL_MS
