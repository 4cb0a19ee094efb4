import type { Hex, JobSpec } from '@allod/protocol'
import type { ChainFacts, OrderSeen } from '../chain/ChainFacts.ts'
import { fail } from '../errors.ts'

/** The enclave and the generation that a request is about. */
export type Claimed = { readonly generation: number; readonly enclave: Hex }

/**
 * The order awaits this generation: its first, or the next one where an enclave is to be replaced. One that was reported
 * awaits none: its work is done, and would be paid twice.
 * @throws keeper/order-state
 */
export function requireAwaited(order: OrderSeen, { generation }: Claimed): void {
  const expected = order.generation + 1
  if ((order.state !== 'open' && order.state !== 'active') || order.isReported || generation !== expected)
    throw fail('order-state', {
      expected: `open or active, not reported, awaiting generation ${expected}`,
      actual: `${order.state}${order.isReported ? ', reported' : ''}, generation ${generation}`,
    })
}

/**
 * The order runs, in exactly this enclave and generation.
 * @throws keeper/not-final while its start is not in the block read, keeper/enclave-mismatch, keeper/order-state
 */
export function requireRecorded(order: OrderSeen, claimed: Claimed): void {
  requireBegun(order, claimed)
  if (order.state !== 'active') throw fail('order-state', { expected: 'active', actual: order.state })
  requireSameEnclave(order, claimed)
}

/**
 * The order runs in exactly this enclave and generation, or ran in it to its end and the market still counts time before
 * that: whoever ends an order pays for what was delivered.
 * @throws keeper/not-final while its start is not in the block read, keeper/enclave-mismatch, keeper/order-state
 */
export function requireAttestable({ order, headTime }: Pick<ChainFacts, 'order' | 'headTime'>, claimed: Claimed): void {
  requireBegun(order, claimed)
  if ((order.state !== 'active' && order.state !== 'ended') || headTime > order.closesAt)
    throw fail('order-state', {
      expected: `active, or ended until ${order.closesAt}`,
      actual: `${order.state} at ${headTime}`,
    })
  requireSameEnclave(order, claimed)
}

/** The order is over: nothing may be released to it any more. */
export const isOver = ({ order, block }: Pick<ChainFacts, 'order' | 'block'>): boolean =>
  order.state === 'ended' || block.time >= order.endsAt

function requireBegun(order: OrderSeen, { generation }: Claimed): void {
  const isBefore = order.state === 'none' || order.state === 'open'
  if (isBefore || (order.state === 'active' && order.generation === generation - 1))
    throw fail('not-final', { expected: `generation ${generation}`, actual: `${order.state}, ${order.generation}` })
}

function requireSameEnclave(order: OrderSeen, { generation, enclave }: Claimed): void {
  if (order.generation !== generation || order.enclave !== enclave)
    throw fail('enclave-mismatch', {
      expected: `${order.enclave}, generation ${order.generation}`,
      actual: `${enclave}, generation ${generation}`,
    })
}

/**
 * The order was placed with the spec's committee, and as the kind of job it is: the kind decides when fees vest.
 * @throws keeper/committee-mismatch, keeper/job-mismatch
 */
export function requireSameJob(order: OrderSeen, spec: JobSpec): void {
  if (order.committee !== spec.committee)
    throw fail('committee-mismatch', { expected: order.committee, actual: spec.committee })
  if (order.job !== spec.kind) throw fail('job-mismatch', { expected: order.job, actual: spec.kind })
}
