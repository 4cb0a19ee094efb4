import { AllodError, type Hex, isAllodError } from '@allod/protocol'
import {
  type Allod,
  type OrderBook,
  type OrderRecord,
  type PlaceOptions,
  placeOrder,
  type Quote,
  type Wallet,
} from '@allod/sdk'
import type { Context } from '../frame/Context.ts'
import { fail } from '../frame/errors.ts'
import { knownError } from '../frame/knownError.ts'
import { goesOn } from './goesOn.ts'

/** What is ordered, and what to do around it. */
export type Placing = Omit<PlaceOptions, 'book' | 'onStep'> & {
  readonly quote: Quote
  /** Told of the order before any money moves. */
  readonly onSaved?: (record: OrderRecord) => Promise<void>
  /** Told where nothing was placed, nor can be any more. */
  readonly onRefused?: () => Promise<void>
  /** The command that goes on once it is placed; `order watch` unless told. */
  readonly command?: (order: string) => string
}

/**
 * Places an order. Whatever goes wrong once it may be on chain says so.
 * @throws cli/interrupted, and what placing refuses
 */
export async function place(
  { out, io, orders }: Pick<Context, 'out' | 'io' | 'orders'>,
  [allod, wallet]: readonly [Allod, Wallet],
  { quote, onSaved, onRefused, command, ...choices }: Placing,
): Promise<OrderRecord> {
  const { signal } = io
  const book = await orders()
  let saved: OrderRecord | null = null
  let done = ''
  const keeping: OrderBook = {
    ...book,
    async save(record) {
      await book.save(record)
      saved = record
      await onSaved?.(record)
    },
  }
  // Until here nothing is paid; from here on it is seen through to the end of placing.
  if (signal.aborted) throw fail('interrupted')
  try {
    const record = await out.step('placing the order', (spinner) =>
      placeOrder(allod, wallet, quote, {
        ...choices,
        book: keeping,
        onStep(step) {
          done = step
          spinner.say(`placing the order: ${step}`)
        },
      }),
    )
    out.note(`order ${record.order}`)
    return record
  } catch (error) {
    throw await said(error)
  }

  async function said(error: unknown): Promise<unknown> {
    const { order } = (saved as OrderRecord | null) ?? {}
    if (order === undefined || done === '' || done === 'saved') {
      await onRefused?.()
      return error
    }
    const short = order.slice(0, 12)
    if (done !== 'funded') return goesOn(error, { order, signal, command: command?.(short) })
    if (isRefused(error)) {
      await onRefused?.()
      const isOutdated = isAllodError(error, 'sdk/quote-outdated')
      return isOutdated && signal.aborted ? stopped(error, error.hint, order) : error
    }
    // Sent, and not heard of again, or heard of and not kept: it may be in a block, or still get into one.
    const hint = `order ${short} may be placed all the same: see \`npx allod order get ${short}\` before ordering again`
    if (signal.aborted) return stopped(error, hint, order)
    const { code, message, meta } = knownError(error)
    return new AllodError(code, message, hint, { cause: error, meta: { ...meta, order } })
  }
}

const stopped = (cause: unknown, hint: string, order: Hex): AllodError =>
  fail('interrupted', { cause, hint, meta: { order } })

const REFUSED =
  /^(assets|catalog|market|registry|trust)\/|^chain\/(call-reverted|no-gas|tx-reverted)$|^sdk\/quote-outdated$/

/** True where what was sent became no order, or one at other prices that was given up at once. */
const isRefused = (error: unknown): boolean => isAllodError(error) && REFUSED.test(error.code)
