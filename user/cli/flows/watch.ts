import { type Allod, followOrder, type OrderRecord, type OrderStep, type StepName, type Wallet } from '@allod/sdk'
import type { Context } from '../frame/Context.ts'
import { shortHex } from '../render/columns.ts'
import { jsonOf } from '../render/jsonOf.ts'
import { newLiveBlock } from '../render/liveBlock.ts'
import { type Point, plotCurve } from '../render/lossCurve.ts'
import { oneLine } from '../render/plain.ts'
import { goesOn } from './goesOn.ts'

export type WatchOptions = {
  readonly wallet?: Wallet
  /** The steps at which a command stops watching; a failed order always ends it. */
  readonly until: readonly StepName[]
  /** The command that goes on where watching stopped; `order watch` unless told. */
  readonly command?: string
}

const GOOD: ReadonlySet<StepName> = new Set([
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
  'settled',
])

/** Where an order stood when watching stopped, and why it failed where it did. */
export type Watched = { readonly step: StepName; readonly reason: string | null }

/**
 * Shows an order's steps as they happen, and the loss curve while it trains. Gives the step it stopped at.
 * @throws cli/interrupted, sdk/follow-timeout and others, each saying that the order goes on
 */
export async function watch(
  { out, io }: Pick<Context, 'out' | 'io'>,
  allod: Allod,
  record: OrderRecord,
  { wallet, until, command }: WatchOptions,
): Promise<Watched> {
  const stopped = { order: record.order, signal: io.signal, command }
  const live = newLiveBlock(io.stderr, out.isLive)
  const curve: Point[] = []
  const startedAt = Date.now()
  let toldAt = 0
  let last: StepName | null = null
  let reason: string | null = null
  try {
    const ends: readonly StepName[] = [...until, 'failed', 'ended']
    const options = { ...(wallet ? { wallet } : {}), until: ends, signal: io.signal }
    for await (const step of followOrder(allod, record, options)) {
      live.clear()
      tell(step)
      if (curve.length > 1) live.draw(['', ...plotCurve(curve, { width: Math.min(out.width, 76) }).split('\n')])
      if (step.kind !== 'step') continue
      last = step.step
      if (step.step === 'failed') reason = step.detail ?? reason
    }
  } catch (error) {
    throw goesOn(error, stopped)
  } finally {
    live.clear()
    if (curve.length > 1 && out.isLive) out.note(plotCurve(curve, { width: Math.min(out.width, 76) }))
  }
  if (io.signal.aborted) throw goesOn(null, stopped)
  if (last === null) throw new TypeError('an order is followed to a step')
  return { step: last, reason }

  function tell(step: OrderStep): void {
    if (step.kind === 'figures') {
      for (const figure of step.figures)
        if (figure.event === 'step') curve.push({ x: figure.step, y: Number(figure.loss) })
      out.line(out.isJson ? jsonOf(step) : null, null)
      tellLoss()
      return
    }
    out.line(jsonOf({ order: record.order, ...step }), null)
    if (!out.isJson) out.note(oneLine(stepText(step)))
  }

  // Without a terminal the curve is told as a line now and then.
  function tellLoss(): void {
    const last = curve.at(-1)
    if (out.isLive || out.isJson || last === undefined || Date.now() - toldAt < 2000) return
    toldAt = Date.now()
    out.note(`  step ${last.x}: loss ${last.y}`)
  }

  function stepText(step: Exclude<OrderStep, { kind: 'figures' }>): string {
    const { paintNotes: paint } = out
    const at = paint.dim(`+${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
    if (step.kind === 'undone') return `${paint.yellow('↺')} ${step.event} was undone by a reorganisation  ${at}`
    if (step.kind === 'line')
      return step.isUp
        ? `${paint.yellow('·')} the job was sent to the provider again  ${at}`
        : `${paint.yellow('·')} the provider does not answer (${step.code}); the chain is watched on  ${at}`
    const mark = GOOD.has(step.step) ? paint.green('✓') : paint.yellow('·')
    const tx = step.transaction === null ? '' : ` tx ${shortHex(step.transaction)}`
    const said = step.source === 'provider' ? ' (the provider says)' : ''
    return `${mark} ${step.step.padEnd(9)} ${paint.dim(`${step.detail ?? ''}${tx}${said}`.trim())}  ${at}`
  }
}
