import type { Allod, OrderRecord } from '@allod/sdk'

/**
 * An order's state, and why nothing comes of it any more where the chain still has it as open or active: it stays so until
 * somebody ends it.
 */
export async function lookAt({ chain }: Pick<Allod, 'chain'>, { order }: Pick<OrderRecord, 'order'>) {
  const view = await chain.latest()
  const { state, startBy, endsAt } = await view.order(order)
  const { time } = view.block
  const isLate = state === 'open' && time > startBy
  const isOver = state === 'active' && time >= endsAt
  const dead = isLate ? 'was not started in time' : isOver ? 'is past the end of its term' : null
  return { state, dead, takeBack: `what it still holds comes back by \`npx allod order cancel ${order.slice(0, 12)}\`` }
}
