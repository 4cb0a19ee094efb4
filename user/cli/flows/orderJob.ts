import type { JobSpec } from '@allod/protocol'
import { type Allod, formatAmount, type InputChoice, type OrderRequest, quote, type Wallet } from '@allod/sdk'
import type { Context } from '../frame/Context.ts'
import type { Options } from '../frame/command.ts'
import { fail } from '../frame/errors.ts'
import { integerOption, parametersOf } from './integerOption.ts'
import { payFor, payOptions, quoteJson } from './payFor.ts'
import { place } from './place.ts'
import { watch } from './watch.ts'

/** Options of every command that orders a job which ends by itself. */
export const jobOptions = {
  compute: { type: 'string', value: '<offer>', says: 'the machine; the cheapest unless told' },
  seconds: { type: 'string', value: '<n>', says: 'the longest it may take; 900 unless told' },
  seed: { type: 'string', value: '<n>', says: 'the same seed gives the same result' },
  param: {
    type: 'string',
    value: '<name=value>',
    says: 'an engine parameter, like epochs=3; many times',
    multiple: true,
  },
  detach: { type: 'boolean', says: 'place the order and stop watching' },
  ...payOptions,
} as const satisfies Options

/** The term of a command line. @throws cli/bad-usage */
export const secondsOf = ({ values }: Context): number =>
  integerOption(values, 'seconds', { otherwise: 900, min: 1, max: 31_536_000 })

export type JobOrder = {
  readonly request: OrderRequest
  /** Seals what is not sealed yet, once the price is agreed to, and gives it by its name among the inputs. */
  readonly seal: () => Promise<{ readonly [input: string]: InputChoice }>
  readonly parameters?: JobSpec['engine']['parameters']
  /** What to try once there is a result. */
  readonly next: (order: string) => string
}

/**
 * Shows the price, asks, seals, places one order, and follows it to its report.
 * @throws cli/order-failed, cli/not-confirmed, sdk/over-max-price, and what quoting, sealing and placing refuse
 */
export async function orderJob(
  context: Context,
  [allod, wallet]: readonly [Allod, Wallet],
  { request, seal, parameters = {}, next }: JobOrder,
): Promise<void> {
  const { values, out } = context
  const seed = integerOption(values, 'seed', { otherwise: 0, max: 0xffffffff })
  const words = { ...parameters, ...parametersOf(values.param) }
  const first = await out.step('working out the price', () => quote(allod, request))
  if (!(await payFor(context, allod, first))) return
  const final = await quote(allod, { ...request, inputs: { ...request.inputs, ...(await seal()) } })
  const record = await place(context, [allod, wallet], {
    quote: final,
    maxUnits: first.totalUnits,
    seed,
    parameters: words,
  })
  const { step, reason } =
    values.detach === true
      ? { step: 'funded', reason: null }
      : await watch(context, allod, record, { wallet, until: ['reported'] })
  out.line({ order: record.order, step, quote: quoteJson(final) }, record.order)
  const short = record.order.slice(0, 12)
  if (step === 'reported')
    out.note(`next: ${next(short)} (locked: ${formatAmount(final.totalUnits, allod.network.currency)})`)
  else if (step === 'failed' || step === 'expired')
    throw fail('order-failed', { actual: reason ?? step, hint: `see \`npx allod order get ${short}\`` })
}
