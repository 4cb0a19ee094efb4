import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { makersEndpoints } from '@allod/attestation/collateral'
import { chainClient, type Windows } from '@allod/chain'
import { chainWriter } from '@allod/chain/write'
import { processEnvironment, unisolatedEnvironment } from '@allod/environments'
import { committeeId, type Hex, type SigningKey } from '@allod/protocol'
import { collateralFrom } from './collateral.ts'
import type { ProviderConfig } from './config.ts'
import { fail } from './errors.ts'
import { GatewayRoutes } from './GatewayRoutes.ts'
import { publicServer } from './http/publicServer.ts'
import { orderBounds } from './orderBounds.ts'
import { codeOf } from './orders/courier.ts'
import { type FollowPlace, followOrder } from './orders/followOrder.ts'
import { OrderFile } from './orders/OrderFile.ts'
import { publicApi } from './publicApi.ts'
import { writePort } from './writePort.ts'

/** Blocks come late and clocks differ. */
const MARGIN_SECONDS = 5

export type RunningProvider = { readonly port: number; stop(): Promise<void> }

/**
 * Serves buyers and runs their orders. What was under way when the last provider of this folder ended goes on.
 * @param options.key signs launches and sends transactions; holds little money
 */
export async function startProvider(
  config: ProviderConfig,
  {
    data,
    port,
    host,
    key,
  }: { readonly data: string; readonly port: number; readonly host: string; readonly key: SigningKey },
): Promise<RunningProvider> {
  const { rpcUrls, addresses, finality, fromBlock } = config
  const chainId = BigInt(config.chainId)
  const client = chainClient({ rpcUrls, chainId, addresses, finality, fromBlock })
  const [rpcUrl] = rpcUrls
  if (rpcUrl === undefined) throw fail('bad-config', { expected: 'an RPC URL' })
  const readOrder = async (order: Hex) => (await client.latest()).order(order)
  const readFinal = async (order: Hex) => {
    const view = await client.final()
    return { state: await view.order(order), time: view.block.time }
  }
  const committees = new Map(config.committees.map((c) => [committeeId(c.committee), c] as const))
  const stores = new Map(config.stores.map(({ address, url }) => [address, url] as const))
  const chain = writePort(chainWriter({ rpcUrl, chainId, addresses, key }))
  const environment = (config.isolation === 'none' ? unisolatedEnvironment : processEnvironment)({ chip: config.chip })
  const collateral = collateralFrom(join(data, 'collateral'), config.endpoints ?? makersEndpoints)
  const stop = new AbortController()
  const running = new Set<Promise<void>>()
  const folder = join(data, 'orders')

  const accept = (file: OrderFile): void => {
    const place: FollowPlace = {
      environment,
      rootfs: config.rootfs,
      config: new TextEncoder().encode('{}'),
      chain,
      collateral,
      key,
      keepers: committees.get(file.job.spec.committee)?.urls ?? [],
      stores,
      runFolder: join(data, 'run'),
      routes: new GatewayRoutes(config.gatewayAdmin),
      readOrder,
      readFinal,
      windows: async () => withMargin(await (await client.latest()).windows()),
    }
    const life = followOrder(file, place, stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted) process.stderr.write(`order ${file.order}: ${codeOf(error)}\n`)
    })
    running.add(life)
    life.finally(() => running.delete(life))
  }

  const orders = new Map(OrderFile.all(folder).map((file) => [file.order, file] as const))
  for (const file of orders.values()) if (!file.isOver) accept(file)
  const api = publicApi({
    account: config.account,
    build: config.build,
    committees: new Map([...committees].map(([id, c]) => [id, c.committee])),
    bounds: orderBounds(config),
    stores,
    readOrder,
    orders,
    newFile: (job) => new OrderFile(join(folder, job.order.slice(2)), job),
    hasRoom: () => running.size < config.maxOrders,
    accept,
  })
  const server = publicServer(api)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      stop.abort()
      server.close()
      server.closeAllConnections()
      await Promise.all(running)
    },
  }
}

const withMargin = ({ startSeconds, reportSeconds, closeSeconds }: Windows): Windows => ({
  startSeconds: startSeconds + MARGIN_SECONDS,
  reportSeconds: reportSeconds + MARGIN_SECONDS,
  closeSeconds: closeSeconds + MARGIN_SECONDS,
})
