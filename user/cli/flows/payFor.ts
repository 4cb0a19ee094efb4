import { type Allod, parseAmount, type Quote, requireMaxPrice } from '@allod/sdk'
import type { Context } from '../frame/Context.ts'
import type { Options } from '../frame/command.ts'
import { confirm } from '../frame/prompt.ts'
import { jsonOf } from '../render/jsonOf.ts'
import { quoteText } from '../render/quoteText.ts'
import { noteUnderWay } from './noteUnderWay.ts'

/** Options of every command that pays. */
export const payOptions = {
  yes: { type: 'boolean', says: 'pay without being asked' },
  'dry-run': { type: 'boolean', says: 'show the price and stop' },
  'max-price': { type: 'string', value: '<amount>', says: 'refuse above this total' },
} as const satisfies Options

/** What is printed of a quote. */
export const quoteJson = ({ totalUnits, refundableUnits, shares, request, derived }: Quote) =>
  jsonOf({ totalUnits, refundableUnits, seconds: request.seconds, shares, policy: derived })

/**
 * Shows the price and what is under way on the same offers, and asks. False where only the price was wanted.
 * @throws sdk/over-max-price, cli/not-confirmed
 */
export async function payFor(context: Context, allod: Allod, quote: Quote): Promise<boolean> {
  const { values, out, io } = context
  const { currency, committee } = allod.network
  const text = quoteText(quote, {
    currency,
    committee: { t: committee.t, n: committee.members.length },
    paint: out.paint,
  })
  if (values['dry-run'] === true) out.result(quoteJson(quote), text)
  else out.note(text)
  await noteUnderWay(context, allod, quote)
  if (typeof values['max-price'] === 'string') requireMaxPrice(quote, parseAmount(values['max-price'], currency))
  if (values['dry-run'] === true) return false
  await confirm('place this order?', { io, out, isYes: values.yes === true })
  return true
}
