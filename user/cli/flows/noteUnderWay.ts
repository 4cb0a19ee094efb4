import { offerHash } from '@allod/protocol'
import type { Allod, Quote } from '@allod/sdk'
import type { Context } from '../frame/Context.ts'
import { knownError } from '../frame/knownError.ts'
import { lookAt } from './lookAt.ts'

/** Of the orders that could be meant, the newest are looked up. */
const MAX_LOOKS = 8

/**
 * Names the orders of this buyer on the same offers that are not over. A command that was killed once it had paid could not
 * say so, and given again it pays for another order. Where they cannot be read, it says that: nothing else needs them.
 */
export async function noteUnderWay(
  context: Pick<Context, 'orders' | 'out'>,
  allod: Pick<Allod, 'chain'>,
  quote: Pick<Quote, 'request' | 'offers'>,
): Promise<void> {
  try {
    await noteAlike(context, allod, quote)
  } catch (error) {
    const { code } = knownError(error)
    context.out.note(`whether another order on the same offers is under way could not be read: ${code}`)
  }
}

async function noteAlike(
  { orders, out }: Pick<Context, 'orders' | 'out'>,
  allod: Pick<Allod, 'chain'>,
  { request: { buyer }, offers }: Pick<Quote, 'request' | 'offers'>,
): Promise<void> {
  const wanted = offers.map(({ offer }) => offerHash(offer)).join()
  const alike = (await (await orders()).list()).filter(
    ({ terms }) => terms.buyer === buyer && terms.offers.map(offerHash).join() === wanted,
  )
  for (const { order, placedAt } of alike.slice(-MAX_LOOKS)) {
    const { state, dead } = await lookAt(allod, { order })
    if ((state !== 'open' && state !== 'active') || dead !== null) continue
    const [short, seconds] = [order.slice(0, 12), Math.floor(Date.now() / 1000) - placedAt]
    out.note(
      `order ${short} on the same offers, placed ${seconds} s ago, is under way: \`npx allod order watch ${short}\` goes on with it, this is another one`,
    )
  }
}
