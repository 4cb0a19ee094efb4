import type { OrderOnChain } from '@allod/chain'
import { AllodError, type FailRequest, type Hex, isAllodError } from '@allod/protocol'
import type { ChainPort } from '../ChainPort.ts'
import type { OrderFile } from './OrderFile.ts'

/** What the chain will say of these words at any later time too: they are left behind, so that others get their turn. */
const LASTING = ['market/too-late', 'market/wrong-generation', 'market/wrong-state', 'market/already-reported']

/** Carries an order's words to the chain, one journey at a time. */
export type Courier = {
  /** Looks what the chain lacks at its newest block, and sends it. @returns the order as it was before */
  readonly carry: () => Promise<OrderOnChain>
}

/** What an order's enclave signed that the chain, as `state` has it, lacks. */
export function isPending(file: OrderFile, state: OrderOnChain): boolean {
  return isReportDue(file, state) || file.beatsAfter(state.attestedUpTo).length > 0
}

/**
 * Whatever the enclave gave is kept in the order's files first, so that it is carried again where a transaction failed, the
 * provider died, or a block did not stay.
 */
export function newCourier(
  file: OrderFile,
  { chain, readOrder }: { readonly chain: ChainPort; readonly readOrder: (order: Hex) => Promise<OrderOnChain> },
): Courier {
  let journey: Promise<unknown> = Promise.resolve()
  const once = async (): Promise<OrderOnChain> => {
    const state = await readOrder(file.order)
    await deliver(file, state, chain)
    return state
  }
  return {
    carry() {
      const next = journey.then(once, once)
      journey = next
      return next
    },
  }
}

/** What went wrong, for the provider's own log: its code, never what an enclave wrote. */
export const codeOf = (error: unknown): string => (error instanceof AllodError ? error.code : 'provider/internal')

/** What the market takes a moment later: attested time that its newest block has not reached. */
const PASSING = ['market/bad-interval', 'market/too-early']

/** Whether the market said no, which asking again does not change; the way to it may have been closed for a moment only. */
export const isRefused = (error: unknown): boolean =>
  isAllodError(error) && error.code.startsWith('market/') && !PASSING.includes(error.code)

// Attested time in the order in which it was attested: what comes later on chain hides what came before.
async function deliver(file: OrderFile, state: OrderOnChain, chain: ChainPort): Promise<void> {
  if (state.state !== 'active' && state.state !== 'ended') return
  for (const beat of file.beatsAfter(state.attestedUpTo)) await unlessLasting(() => chain.beat(file.job.terms, beat))
  const report = file.report()
  if (report !== null && isReportDue(file, state)) await unlessLasting(() => chain.report(file.job.terms, report))
  const failure = file.failure()
  if (failure !== null && isFailureDue(failure, state)) await unlessLasting(() => chain.fail(file.job.terms, failure))
}

function isReportDue(file: OrderFile, { isReported, isFailed, generation }: OrderOnChain): boolean {
  return !isReported && !isFailed && file.report()?.reported.generation === generation
}

// It ends an order that runs, and says nothing of a later enclave's work.
const isFailureDue = ({ failed }: FailRequest, { state, isReported, isFailed, generation }: OrderOnChain): boolean =>
  state === 'active' && !isReported && !isFailed && failed.generation === generation

async function unlessLasting(send: () => Promise<void>): Promise<void> {
  try {
    await send()
  } catch (error) {
    if (!isAllodError(error) || !LASTING.includes(error.code)) throw error
  }
}
