import { marketAbi } from '@allod/chain'
import type { Hex } from '@allod/protocol'
import { custom, encodeEventTopics } from 'viem'
import { expect, test } from 'vitest'
import type { Allod } from '../allod.ts'
import { fill } from '../testing/sampleReport.ts'
import { ordersOnChain } from './earnings.ts'

/** More than anybody places for a test: what an endpoint would say of so many, each of them with nothing in it. */
const orders = Array.from({ length: 2001 }, (_, i): Hex => `0x${String(i).padStart(64, '0')}`)
const logs = orders.map((order, i) => ({
  address: fill(20, 1),
  topics: encodeEventTopics({
    abi: marketAbi,
    eventName: 'Created',
    args: { order, buyer: fill(20, 2), provider: fill(20, 3) },
  }),
  data: fill(32 * 32, 0),
  blockNumber: '0x1',
  blockHash: fill(32, 6),
  transactionHash: fill(32, 7),
  logIndex: `0x${i.toString(16)}`,
}))

test('gives every order there is, however many, oldest first', async () => {
  const request = async ({ method }: { readonly method: string }) => (method === 'eth_getLogs' ? logs : null)
  const network = { addresses: { market: fill(20, 1) }, fromBlock: 0, transports: [custom({ request })] }
  const chain = { latest: async () => ({ block: { number: 1 } }) }
  expect(await ordersOnChain({ network, chain } as unknown as Allod)).toEqual(orders)
})
