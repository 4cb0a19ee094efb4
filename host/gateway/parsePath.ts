import type { Hex } from '@allod/protocol'
import { fail } from './errors.ts'

export type AgentPath = {
  /** The orders the client would take; more than one lets the gateway choose the least busy. */
  readonly orders: readonly Hex[]
  readonly generation: number | null
  /** Path and query as the enclave sees them. */
  readonly path: string
}

/** A client names at most this many orders of one agent. */
const MAX_ORDERS = 8

/**
 * `/o/<order id>[+<order id>…]/<path>?<query>`; the generation comes from the query or the header.
 * @throws gateway/unknown-path
 */
export function parsePath(url: string, generationHeader: string | undefined): AgentPath {
  const match = /^\/o\/([0-9a-fx+]{64,528})(\/[\x21-\x7e]*)?$/.exec(url)
  const orders = (match?.[1] ?? '').split('+').map((id) => (id.startsWith('0x') ? id : `0x${id}`))
  if (orders.length > MAX_ORDERS || !orders.every((order) => /^0x[0-9a-f]{64}$/.test(order)))
    throw fail('unknown-path', { expected: '/o/<order id>/…', actual: url.slice(0, 100) })
  const path = match?.[2] ?? '/'
  const asked = new URLSearchParams(path.split('?')[1] ?? '').get('generation') ?? generationHeader
  if (asked !== undefined && !/^[0-9]{1,10}$/.test(asked))
    throw fail('unknown-path', { expected: 'a generation', actual: asked.slice(0, 40) })
  return { orders: orders as Hex[], generation: asked === undefined ? null : Number(asked), path }
}
