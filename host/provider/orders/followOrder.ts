import { setTimeout as delay } from 'node:timers/promises'
import type { OrderOnChain } from '@allod/chain'
import { AllodError, type Hex, isAllodError, type JobDocument } from '@allod/protocol'
import type { GatewayRoutes } from '../GatewayRoutes.ts'
import { type Launched, type LaunchPlace, launchOrder } from './launchOrder.ts'
import type { OrderFile } from './OrderFile.ts'

/** How often an order may be launched anew within one life of the provider. */
const MAX_LAUNCHES = 5
const LOOK_EVERY_MS = 1000
const MAX_WAIT_MS = 30_000
const PASSING = ['chain/rpc-failed', 'chain/reorg']

export type FollowPlace = LaunchPlace & {
  readonly routes: GatewayRoutes
  readonly readOrder: (order: Hex) => Promise<OrderOnChain>
}

/**
 * Sees one order through: launches its enclave, again with the next generation where it dies within the term, takes it down
 * when the order is over, and ends the order on chain when its work is done.
 */
export async function followOrder(file: OrderFile, place: FollowPlace, signal: AbortSignal): Promise<void> {
  const patient = { ...place, readOrder: (order: Hex) => patiently(() => place.readOrder(order), signal) }
  for (let launches = 0; launches < MAX_LAUNCHES && !signal.aborted; launches++) {
    const state = await patient.readOrder(file.order)
    if (!isLaunchable(state)) break
    const job: JobDocument = { ...file.job, generation: state.generation + 1 }
    try {
      await runGeneration(file, job, place, signal)
    } catch (error) {
      const code = error instanceof AllodError ? error.code : 'provider/internal'
      process.stderr.write(`order ${file.order}: ${error instanceof Error ? error.stack : String(error)}\n`)
      file.append(job.generation, { phase: 'failed', detail: code, sealed: null })
    }
    if (await isDone(file, patient)) break
    await delay(Math.min(30_000, 1000 * 2 ** launches), undefined, { signal }).catch(() => undefined)
  }
  if (signal.aborted) return
  await endOnChain(file, patient)
  file.append((await patient.readOrder(file.order)).generation, { phase: 'ended', detail: null, sealed: null })
  file.end()
}

// A chain that does not answer says nothing about an order: it is asked again until it does, or until we are stopped.
async function patiently<T>(read: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let waitMs = LOOK_EVERY_MS; ; waitMs = Math.min(MAX_WAIT_MS, 2 * waitMs)) {
    try {
      return await read()
    } catch (error) {
      if (signal.aborted || !isAllodError(error) || !PASSING.includes(error.code)) throw error
      await delay(waitMs, undefined, { signal }).catch(() => undefined)
    }
  }
}

async function runGeneration(
  file: OrderFile,
  job: JobDocument,
  place: FollowPlace,
  signal: AbortSignal,
): Promise<void> {
  const launched = await launchOrder(file, job, place)
  try {
    if (job.spec.kind === 'serve') await place.routes.add(job.order, job.generation, launched.clientSocket)
    await untilOver(file, launched, place, signal)
  } finally {
    await place.routes.remove(job.order, job.generation)
    await launched.close()
  }
}

// Ends with the enclave itself, or takes it down when the order was ended by somebody else.
async function untilOver(file: OrderFile, launched: Launched, place: FollowPlace, signal: AbortSignal): Promise<void> {
  const exit = launched.exit.then((end) => end)
  for (;;) {
    const end = await Promise.race([exit, delay(LOOK_EVERY_MS, null, { signal }).catch(() => null)])
    if (end !== null) {
      if (end.reason !== 'ok')
        process.stderr.write(`order ${file.order}: enclave ended: ${end.reason} ${end.code} ${end.tail}\n`)
      return
    }
    if (signal.aborted) return
    const state = await place.readOrder(file.order).catch(() => null)
    if (state !== null && (state.state === 'ended' || state.state === 'settled')) return
  }
}

const isLaunchable = ({ state, startBy, endsAt, isReported, isFailed }: OrderOnChain): boolean => {
  const now = Date.now() / 1000
  if (isReported || isFailed) return false
  return (state === 'open' && now < startBy) || (state === 'active' && now < endsAt)
}

async function isDone(file: OrderFile, place: FollowPlace): Promise<boolean> {
  return !isLaunchable(await place.readOrder(file.order))
}

async function endOnChain(file: OrderFile, place: FollowPlace): Promise<void> {
  const state = await place.readOrder(file.order)
  if (state.state !== 'active') return
  await place.chain.end(file.job.terms).catch((error: unknown) => {
    process.stderr.write(`order ${file.order}: end: ${error instanceof Error ? error.message : String(error)}\n`)
  })
}
