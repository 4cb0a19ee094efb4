import type { Hex } from '@allod/protocol'
import { type Earning, earningsOf } from '@allod/sdk'
import { indexedOrders } from '@allod/sdk/node'
import type { Context } from '../frame/Context.ts'

/** What a payee, or everybody, earned: orders from the local index, amounts from the chain. */
export async function earnings({ local, allod }: Context, payee: Hex | null): Promise<readonly Earning[]> {
  const orders = await indexedOrders(await local())
  return earningsOf(await allod(), payee, orders === null ? {} : { orders })
}
