import { AllodError, isAllodError } from '@allod/protocol'
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
  { out, io, orders }: Context,
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
    if (order !== undefined && done === 'placed')
      return goesOn(error, { order, signal, command: command?.(order.slice(0, 12)) })
    // Sent, and not heard of again: it may still get into a block.
    if (order !== undefined && done === 'funded' && isAllodError(error) && error.code.startsWith('chain/')) {
      const hint = `order ${order.slice(0, 12)} may be placed all the same: see \`npx allod order get ${order.slice(0, 12)}\` before ordering again`
      return new AllodError(error.code, error.message, hint, { cause: error, meta: { ...error.meta, order } })
    }
    if (isAllodError(error)) await onRefused?.()
    return error
  }
}
