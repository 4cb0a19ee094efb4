import { type Currency, describePolicy, formatAmount, formatRate, type Quote } from '@allod/sdk'
import type { Paint } from '../frame/paint.ts'
import { columns, shortHex } from './columns.ts'
import { formatSeconds } from './transfer.ts'

/** A price as people read it before they pay: every payee's share, the total, what can come back, and the policy in words. */
export function quoteText(
  quote: Quote,
  {
    currency,
    committee,
    paint,
  }: {
    readonly currency: Currency
    readonly committee: { readonly t: number; readonly n: number }
    readonly paint: Paint
  },
): string {
  const { shares, totalUnits, refundableUnits, request, derived } = quote
  const words = derived === null ? null : describePolicy(derived, committee)
  return [
    shareTable(shares, { totalUnits, currency, paint }),
    '',
    `locked now:  ${paint.bold(formatAmount(totalUnits, currency))} for ${formatSeconds(request.seconds)}; it cannot cost more`,
    `returns:     up to ${formatAmount(refundableUnits, currency)} for time that is not used or not attested`,
    ...(words === null ? [] : [`result:      ${words.whatLeaves}; readable by ${words.whoCanRead}`]),
    'public:      that you ordered, from whom, for how long and for how much; not your data nor what you ask',
  ].join('\n')
}

/** What each payee gets at most. */
export function shareTable(
  shares: Quote['shares'],
  { totalUnits, currency, paint }: { readonly totalUnits: bigint; readonly currency: Currency; readonly paint: Paint },
): string {
  const rows = shares.map((s) => [
    s.label,
    shortHex(s.payee),
    formatRate(s.perSecond, currency),
    formatAmount(s.perOrder, currency),
    formatAmount(s.mostUnits, currency),
    part(s.mostUnits, totalUnits),
  ])
  const heading = ['for', 'paid to', 'per hour', 'per order', 'at most', 'share'].map(paint.bold)
  return columns([heading, ...rows], { right: [2, 3, 4, 5] })
}

const part = (amount: bigint, total: bigint): string =>
  total === 0n ? '-' : `${Number((amount * 1000n) / total) / 10} %`
