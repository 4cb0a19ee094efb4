// A buyer in a process of its own: orders what it is told, and says what it wrote down once the money moved.
// Forked with the network's folder; gets an order request as its message.
import { once } from 'node:events'
import { join } from 'node:path'
import { layoutOf } from '@allod/devnet'
import { connect, type OrderRequest, placeOrder, quote } from '@allod/sdk'
import { devnetTrust } from '@allod/sdk/devnet'
import { devnetWallet, openOrderBook, readNetwork } from '@allod/sdk/node'

const [folder = ''] = process.argv.slice(2)
const [request] = (await once(process, 'message')) as [OrderRequest]
const local = await readNetwork(layoutOf(folder).description)
const allod = connect(local.network, { trust: devnetTrust(local.network) })
const developer = await devnetWallet(local, 'developer')
const book = openOrderBook(join(folder, 'orders-of-a-process'))
await placeOrder(allod, developer, await quote(allod, request), {
  book,
  parameters: { method: 'lora', rank: 4, alpha: 8, epochs: 3, learningRate: '0.004', rows: 8 },
  seed: 1,
  onStep: (step) => {
    if (step === 'placed') void book.get('last').then((record) => process.send?.(record))
  },
}).catch(() => undefined)
// Killed while it waits.
await new Promise(() => setInterval(() => {}, 1000))
