import { type OrderOnChain, type OrderState, termsArgs } from '@allod/chain'
import { type Hex, isAllodError } from '@allod/protocol'
import { type Allod, writerOf } from '../allod.ts'
import { fail } from '../errors.ts'
import type { Wallet } from '../wallet/wallet.ts'
import { pause } from '../wire/pause.ts'

/** What a claim did: token units by lane, and what went back to the buyer. */
export type Claimed = {
  readonly state: OrderState
  readonly amounts: readonly bigint[]
  readonly refund: bigint
  /** null where there was nothing to do. */
  readonly transaction: Hex | null
}

/**
 * Books what lanes have earned so far to their payees' balances, and refunds what can no longer be earned; by anyone, as
 * often as one likes.
 * @param options.lanes which lanes; all unless told
 */
export async function claimOrder(
  allod: Allod,
  wallet: Wallet,
  order: Hex,
  { lanes }: { readonly lanes?: readonly number[] } = {},
): Promise<Claimed> {
  const view = await allod.chain.latest()
  const terms = await view.terms(order)
  const due = await view.claimable(terms)
  const wanted = lanes ?? terms.lanes.map((_, i) => i)
  const amounts = due.amounts.map((a, i) => (wanted.includes(i) ? a : 0n))
  const isNothing = due.refund === 0n && amounts.every((a) => a === 0n)
  const before = await view.order(order)
  if (isNothing && !(await isLate(allod, before, view.block.time)))
    return { state: before.state, amounts, refund: 0n, transaction: null }
  const mask = wanted.reduce((bits, i) => bits | (1n << BigInt(i)), 0n)
  const { transaction } = await writerOf(allod, wallet).send('market', 'claim', [termsArgs(terms), mask])
  const after = await allod.chain.latest()
  const claimed = (await after.orderEvents(order)).find((e) => e.transaction === transaction && e.name === 'Claimed')
  return {
    state: (await after.order(order)).state,
    amounts: (claimed?.args.amounts as readonly bigint[] | undefined) ?? amounts,
    refund: (claimed?.args.refund as bigint | undefined) ?? due.refund,
    transaction,
  }
}

const MARGIN_SECONDS = 2

// The newest block may be older than the end of the windows: then nothing is due at it, and yet a claim settles the order.
async function isLate(allod: Allod, { state, endedAt }: OrderOnChain, blockTime: number): Promise<boolean> {
  if (state !== 'ended') return false
  const { reportSeconds, closeSeconds } = await (await allod.chain.latest()).windows()
  return Math.max(blockTime, Date.now() / 1000) > endedAt + Math.max(reportSeconds, closeSeconds) + MARGIN_SECONDS
}

const LOOK_EVERY_MS = 1000

// A report, or its provider, may have ended the order since it was looked at: it is looked at again, once that shows.
async function unlessOver(error: unknown): Promise<void> {
  if (!isAllodError(error, 'market/wrong-state')) throw error
  await pause(LOOK_EVERY_MS)
}

/**
 * Sees an order that is over through to `settled`: claims every lane, waits for the market's windows where some time stays
 * unproved, claims the rest. Ends a running order first only where told to.
 * @param options.isEnding ends it, which only buyer and provider may before the term is over
 * @param options.maxSeconds how long to wait; two hours unless told
 * @throws sdk/still-running, sdk/not-settled
 */
export async function settleOrder(
  allod: Allod,
  wallet: Wallet,
  order: Hex,
  {
    isEnding = false,
    maxSeconds = 7200,
    signal,
  }: {
    readonly isEnding?: boolean
    readonly maxSeconds?: number
    readonly signal?: AbortSignal
  } = {},
): Promise<readonly Claimed[]> {
  const until = performance.now() + maxSeconds * 1000
  const claims: Claimed[] = []
  while (signal?.aborted !== true) {
    const view = await allod.chain.latest()
    const { state } = await view.order(order)
    if (state === 'settled') return claims
    if (state === 'active' && isEnding)
      await writerOf(allod, wallet)
        .send('market', 'end', [termsArgs(await view.terms(order))])
        .catch(unlessOver)
    else if (state === 'ended') {
      const claimed = await claimOrder(allod, wallet, order)
      if (claimed.transaction !== null) claims.push(claimed)
      if (claimed.state === 'settled') return claims
      await pause(LOOK_EVERY_MS, signal)
    } else throw fail('still-running', { expected: 'ended', actual: state })
    if (performance.now() > until) throw fail('not-settled', { expected: 'settled', actual: state })
  }
  throw fail('not-settled', { expected: 'settled', actual: 'stopped' })
}
