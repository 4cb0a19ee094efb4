import type { JobKind, OrderLog } from '@allod/chain'
import type { Metric } from '@allod/models'
import { type Hex, isAllodError, type OrderEvent } from '@allod/protocol'
import type { Allod } from '../allod.ts'
import { fail } from '../errors.ts'
import { orderKeys } from '../wallet/orderKeys.ts'
import type { Wallet } from '../wallet/wallet.ts'
import { merge } from '../wire/merge.ts'
import { type ChainLook, type ChainLost, chainLooks } from './chainSteps.ts'
import { figureReader } from './openFigures.ts'
import type { OrderRecord } from './orderRecord.ts'
import { type Heard, providerEvents } from './providerEvents.ts'
import { sendJob } from './sendJob.ts'

/** Where an order can stand, in the order in which it usually gets there. */
export const stepNames = [
  'funded',
  'launched',
  'voted',
  'started',
  'granted',
  'training',
  'running',
  'serving',
  'sealed',
  'reported',
  'paused',
  'failed',
  'expired',
  'ended',
  'settled',
] as const
export type StepName = (typeof stepNames)[number]

/** Something that happened to an order. Steps by the chain are facts; those by the provider are its word. */
export type OrderStep =
  | {
      readonly kind: 'step'
      readonly step: StepName
      readonly source: 'chain' | 'provider'
      /** 0 before the first start. */
      readonly generation: number
      /** Unix seconds. */
      readonly time: number
      readonly transaction: Hex | null
      readonly detail: string | null
    }
  | { readonly kind: 'figures'; readonly figures: readonly Metric[]; readonly missing: number }
  | { readonly kind: 'undone'; readonly event: string; readonly transaction: Hex }
  | { readonly kind: 'line'; readonly isUp: boolean; readonly code: string | null }

export type FollowOptions = {
  /** Opens the figures; without it they stay sealed. */
  readonly wallet?: Wallet
  /** Stop after one of these; `settled`, `expired` always stop. */
  readonly until?: readonly StepName[]
  readonly signal?: AbortSignal
  /** How often the chain is looked at; half a second on a devnet, else four. */
  readonly everyMs?: number
  /** Gives up when nothing at all happened for so long; 30 minutes unless told. */
  readonly idleMs?: number
}

const ENDINGS: readonly StepName[] = ['settled', 'expired']

/**
 * Follows an order to its end: chain events and what the provider tells, merged, each step once. Survives lost connections
 * and a provider that forgot the job; nothing here can harm the order, so stopping and starting again is free.
 * @throws sdk/follow-timeout, chain errors
 */
export async function* followOrder(
  allod: Allod,
  record: OrderRecord,
  { wallet, until = [], signal, everyMs, idleMs = 30 * 60_000 }: FollowOptions = {},
): AsyncGenerator<OrderStep, void> {
  const stop = new AbortController()
  const both = signal ? AbortSignal.any([stop.signal, signal]) : stop.signal
  const keys = wallet && (await orderKeys(wallet, record.spec.salt))
  const open = keys ? figureReader(record.order, keys.logs.secret) : async () => null
  const { order } = record
  const sources = merge<ChainLook | ChainLost | Heard>(
    [
      chainLooks(allod, { order, everyMs: everyMs ?? (allod.network.devnet ? 500 : 4000), signal: both }),
      providerEvents(allod, { url: record.provider.url, order, signal: both }),
    ],
    { idleMs, onIdle: () => fail('follow-timeout', { expected: `${idleMs} ms` }), isNews },
  )
  const told = new Set<string>()
  try {
    for await (const news of sources) {
      const steps =
        'state' in news
          ? stepsOfLook(news)
          : news.kind === 'event'
            ? await stepsOfEvent(news.event, record.spec.kind, open)
            : news.kind === 'lost'
              ? await lineDown(allod, record, news.code)
              : [{ kind: 'line', isUp: false, code: news.code } as const]
      for (const step of steps) {
        const key =
          step.kind === 'step' ? `${step.step}/${step.generation}/${step.transaction ?? step.detail ?? ''}` : ''
        if (step.kind === 'step' && told.has(key)) continue
        told.add(key)
        yield step
        if (step.kind === 'step' && isLast(step, until)) return
      }
    }
  } finally {
    stop.abort()
  }
}

// That a line is still down, or an order as it was, is told again and again.
const isNews = (told: ChainLook | ChainLost | Heard): boolean =>
  'state' in told ? told.fresh.length + told.undone.length > 0 : told.kind === 'event'

// A provider that says an enclave failed may launch the next one: only the chain's word on it is the last.
const isLast = ({ step, source }: { readonly step: StepName; readonly source: string }, until: readonly StepName[]) =>
  ENDINGS.includes(step) || (until.includes(step) && (source === 'chain' || step !== 'failed'))

const CHAIN_STEPS: Readonly<Record<string, StepName>> = {
  Created: 'funded',
  Bound: 'started',
  Reported: 'reported',
  Failed: 'failed',
  Stopped: 'ended',
  Ended: 'ended',
  Expired: 'expired',
}

function stepsOfLook({ state, fresh, undone, time }: ChainLook): readonly OrderStep[] {
  const steps: OrderStep[] = [
    ...undone.map((e): OrderStep => ({ kind: 'undone', event: e.name, transaction: e.transaction })),
    ...fresh.flatMap((e) => stepOfLog(e, time, state.generation)),
  ]
  if (state.state === 'settled')
    steps.push({ ...byChain, step: 'settled', generation: state.generation, time, transaction: null })
  return steps
}

const byChain = { kind: 'step', source: 'chain', detail: null } as const

function stepOfLog({ name, transaction, args }: OrderLog, time: number, now: number): readonly OrderStep[] {
  const step = CHAIN_STEPS[name]
  if (step === undefined) return []
  const generation = name === 'Bound' ? Number(args.generation) : now
  return [{ ...byChain, step, generation, time, transaction }]
}

const PHASE_STEPS: Readonly<Record<string, StepName>> = {
  launched: 'launched',
  voted: 'voted',
  granted: 'granted',
  serving: 'serving',
  paused: 'paused',
  sealing: 'sealed',
  failed: 'failed',
}

/** An engine at work, in the words of its job; an agent says itself when it serves. */
const AT_WORK: Readonly<Record<JobKind, StepName | undefined>> = {
  finetune: 'training',
  run: 'running',
  serve: undefined,
}

// Started, reported and ended are the chain's to say.
async function stepsOfEvent(
  event: OrderEvent,
  job: JobKind,
  open: ReturnType<typeof figureReader>,
): Promise<readonly OrderStep[]> {
  const { phase, detail } = event.event
  const step = phase === null ? undefined : phase === 'running' ? AT_WORK[job] : PHASE_STEPS[phase]
  const time = Math.floor(event.time / 1000)
  if (step !== undefined)
    return [{ kind: 'step', step, source: 'provider', generation: event.generation, time, transaction: null, detail }]
  const batch = await open(event)
  return batch === null ? [] : [{ kind: 'figures', ...batch }]
}

// A provider that does not know the order may never have got the job, or lost it: it is sent again.
async function lineDown(allod: Allod, record: OrderRecord, code: string): Promise<readonly OrderStep[]> {
  if (code !== 'provider/not-found') return [{ kind: 'line', isUp: false, code }]
  try {
    await sendJob(allod, record)
    return [{ kind: 'line', isUp: true, code: null }]
  } catch (error) {
    if (!isAllodError(error)) throw error
    return [{ kind: 'line', isUp: false, code: error.code }]
  }
}
