import { type Manifest, manifestShape } from '@allod/content'
import {
  committeeShape,
  dictionary,
  type Hex,
  hex,
  integer,
  jobSpecShape,
  list,
  nullable,
  oneOf,
  orderId,
  orderTermsShape,
  record,
  requireSpec,
  requireTerms,
  type Shaped,
  text,
} from '@allod/protocol'

/**
 * An order as its buyer keeps it: everything that is needed to follow it, resume it and open its result, and no secret. The
 * keys follow from the wallet.
 */
export const orderRecordShape = record({
  version: oneOf(1),
  order: hex(32),
  /** Name of the network, for people. */
  network: text(64),
  /** Name of the wallet that placed it. */
  wallet: text(64),
  /** Unix seconds. */
  placedAt: integer(),
  /** Labels of the lanes, in order. */
  labels: list(text(64), 8, 1),
  provider: record({ url: text(200), address: hex(20) }),
  terms: orderTermsShape,
  spec: jobSpecShape,
  committee: committeeShape,
  manifests: dictionary(manifestShape, 8, /^[a-z][a-z0-9-]{0,31}$/),
  /** Transaction of `create`; null until it was sent. */
  transaction: nullable(hex(32)),
})
export type OrderRecord = Shaped<typeof orderRecordShape>

/** Parses a record and checks that its parts belong together. @throws protocol/bad-shape, protocol/order-terms-mismatch */
export function parseOrderRecord(value: unknown): OrderRecord {
  const parsed = orderRecordShape(value)
  requireTerms(parsed.terms, parsed.order)
  requireSpec(parsed.spec, parsed.terms.specHash)
  return parsed
}

/** Where a device keeps its orders. */
export type OrderBook = {
  save(order: OrderRecord): Promise<void>
  /** @throws sdk/unknown-order */
  get(named: string): Promise<OrderRecord>
  list(): Promise<readonly OrderRecord[]>
}

/** The manifests of a record, by input. */
export type OrderManifests = { readonly [input: string]: Manifest }

/** The id of an order's terms. */
export const idOf = (terms: OrderRecord['terms']): Hex => orderId(terms)
