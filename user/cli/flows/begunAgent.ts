import type { Allod, OrderRecord } from '@allod/sdk'
import type { Context } from '../frame/Context.ts'
import { fail } from '../frame/errors.ts'
import { lookAt } from './lookAt.ts'

/** How long what was sent may take to get into a block; no longer is waited for it when an order is placed. */
const PLACING_SECONDS = 180

/**
 * The order that a broken-off `deploy` placed for a name, or the one given where it serves itself; null where one must be placed.
 * @throws cli/order-under-way where going on would be with another order than the one meant, cli/order-failed
 */
export async function begunAgent(
  { agents, orders, out }: Pick<Context, 'agents' | 'orders' | 'out'>,
  allod: Pick<Allod, 'chain'>,
  given: OrderRecord,
  name: string,
): Promise<OrderRecord | null> {
  if (given.spec.kind === 'serve') {
    const { state, dead, takeBack } = await lookAt(allod, given)
    if (dead !== null) throw fail('order-failed', { expected: NOT_OVER, actual: dead, hint: takeBack })
    if (state !== 'open' && state !== 'active') throw fail('order-failed', { expected: NOT_OVER, actual: state })
    return given
  }
  const begun = await (await agents()).begun(name)
  if (begun === null) return null
  const { state, dead, takeBack } = await lookAt(allod, begun)
  if (state === 'ended' || state === 'settled') return null
  if (dead !== null) {
    out.note(`order ${begun.order.slice(0, 12)} of this name ${dead}: ${takeBack}`)
    return null
  }
  const record = await (await orders()).get(begun.order)
  const short = begun.order.slice(0, 12)
  if (state === 'none') {
    const seconds = record.placedAt + PLACING_SECONDS - Math.floor(Date.now() / 1000)
    if (seconds <= 0) return null
    const hint = `it may still get into a block: give the command again in ${seconds} s, or use another name`
    throw fail('order-under-way', { actual: begun.order, hint })
  }
  if (begun.tuned !== given.order) {
    // It serves already, and was stopped just before its note went: another one may be placed for the name.
    if ((await (await agents()).find(name))?.orders.includes(begun.order) === true) return null
    throw fail('order-under-way', {
      expected: given.order,
      actual: begun.tuned,
      meta: { order: begun.order },
      hint: `go on with it by \`npx allod deploy ${short} --name ${name}\`, or end it with \`npx allod order cancel ${short}\``,
    })
  }
  out.note(`order ${short} of this name is under way: going on with it, nothing more is paid`)
  return record
}

const NOT_OVER = 'an order that is not over'
