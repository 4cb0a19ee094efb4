import type { OrderOnChain } from '@allod/chain'
import type { Committee, Hex } from '@allod/protocol'
import { committeeId, isHex, type JobDocument, jobDocumentShape, orderId, requireSpec } from '@allod/protocol'
import { fail } from './errors.ts'
import type { Answer, Call } from './http/serveJson.ts'
import { type OrderBounds, requireWithin } from './orderBounds.ts'
import type { OrderFile, OrderJob } from './orders/OrderFile.ts'
import { type MaxStreams, streams } from './orders/streams.ts'

/** What the provider's public side needs. */
export type PublicPlace = {
  /** The account whose compute offers this provider honours. */
  readonly account: Hex
  readonly build: Hex
  readonly committees: ReadonlyMap<Hex, Committee>
  /** The most that one order may have of the machine. */
  readonly bounds: OrderBounds
  /** The stores that orders may name, by their keys. */
  readonly stores: { has(address: Hex): boolean }
  readonly readOrder: (order: Hex) => Promise<OrderOnChain>
  readonly orders: Map<Hex, OrderFile>
  readonly newFile: (job: OrderJob) => OrderFile
  readonly hasRoom: () => boolean
  readonly accept: (file: OrderFile) => void
  /** How many read events at the same time. */
  readonly maxStreams?: MaxStreams
}

/**
 * What buyers ask of a provider: `POST /orders` hands over the job of an order on chain, `GET /orders/<id>/events` tells
 * how it goes, `GET /orders/<id>/report` gives the signed report.
 */
export function publicApi(place: PublicPlace): (call: Call) => Promise<Answer> {
  const stream = streams(place.maxStreams)
  return async ({ method, path, query, body, signal }) => {
    if (method === 'GET' && path === '/status')
      return {
        json: { account: place.account, build: place.build, orders: place.orders.size, hasRoom: place.hasRoom() },
      }
    if (method === 'POST' && path === '/orders') return { json: { order: await acceptJob(place, body) } }
    const [, order, what] = /^\/orders\/(0x[0-9a-f]{64})\/(events|report)$/.exec(path) ?? []
    const file = isHex(order, 32) ? place.orders.get(order) : undefined
    if (method !== 'GET' || file === undefined) throw fail('not-found', { actual: `${method} ${path}` })
    if (what === 'events') {
      const after = Number(query.get('after') ?? -1)
      const from = Number.isSafeInteger(after) ? Math.max(0, after + 1) : 0
      const waits = query.get('wait') !== '0'
      return { lines: stream(file.order, signal, (until) => file.eventsFrom(from, { waits, signal: until })) }
    }
    const report = file.report()
    if (report === null) throw fail('not-found', { actual: 'no report yet' })
    return { json: report }
  }
}

// Checked before anything is launched: a wrong job would be refused by the keepers, after this machine did the work.
async function acceptJob(place: PublicPlace, body: unknown): Promise<Hex> {
  const job: JobDocument = jobDocumentShape({ ...(body as object), generation: 0 })
  const order = orderId(job.terms)
  if (order !== job.order) throw fail('order-unknown', { expected: order, actual: job.order })
  requireSpec(job.spec, job.terms.specHash)
  const [compute] = job.terms.offers
  if (compute?.kind !== 1 || compute.owner !== place.account)
    throw fail('not-my-offer', { expected: place.account, actual: compute?.owner })
  if (job.spec.build !== place.build) throw fail('build-not-here', { expected: place.build, actual: job.spec.build })
  if (committeeId(job.committee) !== job.spec.committee || !place.committees.has(job.spec.committee))
    throw fail('committee-unknown', { actual: job.spec.committee })
  const unknown = job.spec.stores.find(({ address }) => !place.stores.has(address))
  if (unknown !== undefined) throw fail('store-not-here', { actual: unknown.address, meta: { url: unknown.url } })
  if (place.orders.has(order)) return order
  requireWithin(job.spec, place.bounds)
  const { state } = await place.readOrder(order)
  // The same job may have been accepted while the chain was read.
  if (place.orders.has(order)) return order
  if (state === 'none') throw fail('order-unknown', { actual: order })
  if (state !== 'open') throw fail('order-not-open', { actual: state })
  if (!place.hasRoom()) throw fail('busy')
  const { generation: _, ...kept } = job
  const file = place.newFile(kept)
  place.orders.set(order, file)
  place.accept(file)
  return order
}
