import {
  type Allod,
  type Extension,
  extendOrder,
  formatAmount,
  parseAmount,
  quoteExtension,
  requireMaxPrice,
} from '@allod/sdk'
import { integerOption } from '../../flows/integerOption.ts'
import { payOptions } from '../../flows/payFor.ts'
import type { Command, Values } from '../../frame/command.ts'
import { fail } from '../../frame/errors.ts'
import type { Paint } from '../../frame/paint.ts'
import { confirm } from '../../frame/prompt.ts'
import { jsonOf } from '../../render/jsonOf.ts'
import { shareTable } from '../../render/quoteText.ts'
import { formatSeconds } from '../../render/transfer.ts'

/** The most that a term is lengthened at once: a year. */
const MAX_SECONDS = 31_536_000

export const command: Command = {
  arguments: ['<order>'],
  options: {
    seconds: { type: 'string', value: '<n>', says: 'how much longer' },
    until: { type: 'string', value: '<time>', says: 'or until when, like 2030-01-31T12:00:00Z' },
    ...payOptions,
  },
  about:
    'At the prices agreed when it was placed, within every offer’s limits. With --until it may be given again after it was broken off: a term that reaches there already is not lengthened, and nothing is sent while a transaction of yours is in no block.',
  async run({ positionals, values, io, out, allod: open, orders, wallet }) {
    const allod = await open()
    const record = await (await orders()).get(positionals[0] ?? '')
    const extension = await quoteExtension(allod, record, wantedOf(values))
    const { totalUnits, seconds } = extension
    if (seconds > MAX_SECONDS) throw fail('bad-usage', { expected: `at most ${MAX_SECONDS} s more`, actual: seconds })
    const priced = { order: record.order, ...extension }
    const text = extensionText(extension, allod, out.paint)
    if (seconds === 0)
      return out.result(jsonOf({ ...priced, transaction: null }), 'its term reaches there already; nothing is paid')
    if (values['dry-run'] === true) out.result(jsonOf(priced), text)
    else out.note(text)
    const { currency } = allod.network
    if (typeof values['max-price'] === 'string') requireMaxPrice(extension, parseAmount(values['max-price'], currency))
    if (values['dry-run'] === true) return
    const short = record.order.slice(0, 12)
    await confirm(`lengthen order ${short} for ${formatAmount(totalUnits, currency)}?`, {
      io,
      out,
      isYes: values.yes === true,
    })
    const buyer = await wallet()
    const transaction = await out.step('extending', () => extendOrder(allod, buyer, record, extension))
    out.result(
      jsonOf({ ...priced, transaction }),
      `ends ${timeText(extension.to)}, at most ${formatAmount(totalUnits, currency)} more`,
    )
  },
}

/** How much longer, by one of the two options. @throws cli/bad-usage */
function wantedOf(values: Values): { readonly seconds: number } | { readonly until: number } {
  const { until } = values
  if ((until === undefined) === (values.seconds === undefined))
    throw fail('bad-usage', { expected: 'one of --seconds <n> and --until <time>' })
  if (until === undefined)
    return { seconds: integerOption(values, 'seconds', { otherwise: 0, min: 1, max: MAX_SECONDS }) }
  // Without a zone it would mean another time on another machine.
  const time = /T.*(Z|[+-]\d\d:\d\d)$/.test(String(until)) ? Date.parse(String(until)) : Number.NaN
  if (Number.isNaN(time)) throw fail('bad-usage', { expected: '--until 2030-01-31T12:00:00Z', actual: String(until) })
  return { until: Math.ceil(time / 1000) }
}

const timeText = (time: number): string => new Date(time * 1000).toISOString().replace('.000', '')

function extensionText({ from, to, seconds, shares, totalUnits }: Extension, { network }: Allod, paint: Paint): string {
  return [
    shareTable(shares, { totalUnits, currency: network.currency, paint }),
    '',
    `ends now:    ${timeText(from)}`,
    `ends then:   ${paint.bold(timeText(to))}, ${formatSeconds(seconds)} later; given again with --until ${timeText(to)}, it is not lengthened twice`,
    `locked more: ${paint.bold(formatAmount(totalUnits, network.currency))}; what is not used or not attested returns`,
  ].join('\n')
}
