import { setTimeout as delay } from 'node:timers/promises'
import type { OrderOnChain, Windows } from '@allod/chain'
import type { Hex, JobDocument } from '@allod/protocol'
import type { GatewayRoutes } from '../GatewayRoutes.ts'
import { type Courier, codeOf, isPending, isRefused, newCourier } from './courier.ts'
import { type Launched, type LaunchPlace, launchOrder } from './launchOrder.ts'
import type { OrderFile } from './OrderFile.ts'

/** How many enclaves may start on an order within one life of the provider: the time of each may be paid for nothing. */
const MAX_STARTS = 5
/** How many may be launched: one that does not get as far as its start, because chip or keepers are away, costs nobody. */
const MAX_LAUNCHES = 60
const REST_MS = 1000
/** With so little of a term to go, nothing that is launched would be at work before its end. */
const LAST_SECONDS = 10
const LOOK_EVERY_MS = 1000
/** A start that a block took along when it did not stay may be in the next; so many looks in a row are for ever. */
const UNDONE_LOOKS = 5
const MAX_WAIT_MS = 30_000
export type FollowPlace = Omit<LaunchPlace, 'courier'> & {
  readonly routes: GatewayRoutes
  /** The order at the newest block. */
  readonly readOrder: (order: Hex) => Promise<OrderOnChain>
  /** The order at a block that stays, and that block's time in Unix seconds. */
  readonly readFinal: (order: Hex) => Promise<{ readonly state: OrderOnChain; readonly time: number }>
  /** The market's windows, with what is allowed for late blocks and clocks that differ. */
  readonly windows: () => Promise<Windows>
}

/**
 * Sees one order through: launches its enclave, again with the next generation where it dies within the term, carries what
 * it signs to the chain until that stays there, and ends the order on chain when its work is done.
 * @param options.restMs how long to rest after the first enclave that ended; twice as long after each that follows
 */
export async function followOrder(
  file: OrderFile,
  place: FollowPlace,
  signal: AbortSignal,
  { restMs = REST_MS }: { readonly restMs?: number } = {},
): Promise<void> {
  const patient: FollowPlace = {
    ...place,
    readOrder: (order) => patiently(() => place.readOrder(order), signal),
    readFinal: (order) => patiently(() => place.readFinal(order), signal),
    windows: () => patiently(place.windows, signal),
  }
  const courier = newCourier(file, patient)
  const windowSeconds = longest(await patient.windows())
  let generation: number | null = null
  for (let [launches, isRested] = [0, true]; !signal.aborted; ) {
    // What a life before this one did not bring to the chain may be all that is missing: no work is done twice.
    const { newest, isHeldUp } = await carried(file, patient, courier)
    generation ??= newest.generation
    if (!isHeldUp && isLaunchable(newest) && newest.generation < generation + MAX_STARTS && launches < MAX_LAUNCHES) {
      if (isRested) {
        await launchNext(file, newest, { ...patient, courier }, signal)
        launches++
      } else {
        const waitMs = Math.min(MAX_WAIT_MS, restMs * 2 ** (launches - 1))
        await delay(waitMs, undefined, { signal }).catch(() => undefined)
      }
      isRested = !isRested
      continue
    }
    if (!isHeldUp && newest.state === 'active' && !isRunningOut(newest))
      await place.chain.end(file.job.terms).catch((error: unknown) => note(file, `end: ${codeOf(error)}`))
    const { state, time } = await patient.readFinal(file.order)
    if (isSettledFor(file, state, time, windowSeconds)) {
      file.append(state.generation, { phase: 'ended', detail: null, sealed: null }, { isLast: true })
      file.end()
      return
    }
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
}

type Carried = { readonly newest: OrderOnChain; readonly isHeldUp: boolean }

/**
 * The order at the newest block, once what it lacks was sent. Held up is what the chain could not take now and may take later:
 * until it has, or has refused it, nobody knows whether there is work left to do.
 */
async function carried(file: OrderFile, place: FollowPlace, courier: Courier): Promise<Carried> {
  let isHeldUp = false
  await courier.carry().catch((error: unknown) => {
    isHeldUp = !isRefused(error)
    note(file, `carry: ${codeOf(error)}`)
  })
  const newest = await place.readOrder(file.order)
  // After its term an order is ended all the same.
  return { newest, isHeldUp: isHeldUp && Date.now() / 1000 < newest.endsAt }
}

// The chain, at a block that stays, has everything or takes nothing more.
function isSettledFor(file: OrderFile, state: OrderOnChain, time: number, windowSeconds: number): boolean {
  if (state.state === 'settled') return true
  if (state.state === 'ended') return !isPending(file, state) || time > state.endedAt + windowSeconds
  // An order that never started is its buyer's to end.
  return state.state === 'none' || (state.state === 'open' && time > state.startBy)
}

async function launchNext(file: OrderFile, state: OrderOnChain, place: Generation, signal: AbortSignal): Promise<void> {
  const job: JobDocument = { ...file.job, generation: state.generation + 1 }
  try {
    await runGeneration(file, job, place, signal)
  } catch (error) {
    if (signal.aborted) return
    note(file, codeOf(error))
    file.append(job.generation, { phase: 'failed', detail: codeOf(error), sealed: null })
  }
}

/** The log is the provider's: it names orders and codes, and quotes nobody. */
const note = (file: OrderFile, what: string): boolean => process.stderr.write(`order ${file.order}: ${what}\n`)

// A chain that does not answer, or whose endpoints do not agree yet, says nothing about an order: it is asked again.
async function patiently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let waitMs = LOOK_EVERY_MS; ; waitMs = Math.min(MAX_WAIT_MS, 2 * waitMs)) {
    try {
      return await ask()
    } catch (error) {
      if (signal.aborted) throw error
      await delay(waitMs, undefined, { signal }).catch(() => undefined)
    }
  }
}

type Generation = FollowPlace & { readonly courier: Courier }
type Running = Generation & { readonly generation: number; readonly isStarted: () => boolean }

async function runGeneration(file: OrderFile, job: JobDocument, given: Generation, signal: AbortSignal): Promise<void> {
  let isStarted = false
  const noting =
    <T extends readonly unknown[]>(send: (...args: T) => Promise<void>) =>
    async (...args: T): Promise<void> => {
      await send(...args)
      isStarted = true
    }
  const { chain } = given
  const place = { ...given, chain: { ...chain, start: noting(chain.start), rebind: noting(chain.rebind) } }
  const launched = await launchOrder(file, job, place)
  const route =
    job.spec.kind === 'serve'
      ? place.routes.keep(job.order, job.generation, launched.clientSocket, (code) => note(file, code))
      : { remove: null }
  try {
    await untilOver(file, launched, { ...place, generation: job.generation, isStarted: () => isStarted }, signal)
  } finally {
    await route.remove?.()
    await launched.close()
  }
}

// Ends with the enclave itself, which is told where somebody ended the order. It is taken down when the market's windows are
// over: until then it may still prove time that it worked, and report what it made. So is one that hangs, after the term's
// end, which is asked for at each look because it may be extended. And so is one whose start the chain forgot: it waits for
// keepers to see it, and no chain that came back without it has it again by itself.
async function untilOver(file: OrderFile, launched: Launched, place: Running, signal: AbortSignal): Promise<void> {
  const exit = launched.exit.then((end) => end)
  let [isTold, undone] = [false, 0]
  let windows: Windows | null = null
  for (;;) {
    const end = await Promise.race([exit, delay(LOOK_EVERY_MS, null, { signal }).catch(() => null)])
    if (end !== null) {
      // Its last words stay out of the log: an engine may have chosen them.
      if (end.reason !== 'ok') note(file, `enclave ended: ${end.reason} ${end.code}`)
      return
    }
    if (signal.aborted) return
    const state = await place.courier.carry().catch((error: unknown) => {
      note(file, `carry: ${codeOf(error)}`)
      return place.readOrder(file.order)
    })
    if (state.state === 'settled') return
    undone = place.isStarted() && state.generation < place.generation ? undone + 1 : 0
    if (undone > UNDONE_LOOKS) {
      note(file, `the start of generation ${place.generation} did not stay`)
      return
    }
    if (state.state === 'ended' && !isTold) {
      isTold = true
      launched.tellEnded(state.endedAt).catch((error: unknown) => note(file, `tell ended: ${codeOf(error)}`))
    }
    const overSeconds = Date.now() / 1000 - overAt(state)
    if (overSeconds < 0) continue
    windows ??= await place.windows()
    if (overSeconds > (file.job.spec.kind === 'serve' ? windows.closeSeconds : longest(windows))) return
  }
}

// As far as the chain knows by now; an order that the newest block does not have may be back with the next.
const overAt = ({ state, startBy, endsAt, endedAt }: OrderOnChain): number =>
  state === 'open' ? startBy : state === 'active' ? endsAt : state === 'ended' ? endedAt : Number.POSITIVE_INFINITY

const longest = ({ reportSeconds, closeSeconds }: Windows): number => Math.max(reportSeconds, closeSeconds)

const isLaunchable = ({ state, startBy, endsAt, isReported, isFailed }: OrderOnChain): boolean => {
  const now = Date.now() / 1000
  if (isReported || isFailed) return false
  return (state === 'open' && now < startBy) || (state === 'active' && now < endsAt - LAST_SECONDS)
}

// An agent stops just before its term is over, so that its last renewal lies within: the term is then left to run out.
const isRunningOut = ({ endsAt, isReported, isFailed }: OrderOnChain): boolean => {
  const leftSeconds = endsAt - Date.now() / 1000
  return !isReported && !isFailed && leftSeconds > 0 && leftSeconds <= LAST_SECONDS
}
