import { followOrder, type OrderRecord, type StepName, type Wallet } from '@allod/sdk'
import type { Stage } from './Story.ts'

/**
 * Follows an order aloud until one of these steps; gives the losses seen on the way.
 * @param options.onStep told of each step as it comes
 */
export async function follow(
  { allod, say, signal }: Stage,
  wallet: Wallet,
  record: OrderRecord,
  until: readonly StepName[],
  { onStep = () => {} }: { readonly onStep?: (step: StepName, losses: readonly number[]) => void } = {},
): Promise<readonly number[]> {
  const started = performance.now()
  const losses: number[] = []
  let lastTold = 0
  const at = () => `${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s`
  for await (const step of followOrder(allod, record, {
    wallet,
    until,
    idleMs: 300_000,
    ...(signal ? { signal } : {}),
  })) {
    if (step.kind === 'figures') {
      for (const figure of step.figures) if (figure.event === 'step') losses.push(Number(figure.loss))
      const last = step.figures.findLast((f) => f.event === 'step')
      if (last?.event === 'step' && performance.now() - lastTold > 5000) {
        lastTold = performance.now()
        say(
          `${at()}    step ${last.step} of ${last.of}, loss ${Number(last.loss).toFixed(3)}, ${last.tokensPerSecond} tokens/s`,
        )
      }
    } else if (step.kind === 'step') {
      say(
        `${at()}  ${step.step}${step.detail ? `: ${step.detail}` : ''}${step.source === 'provider' ? '' : ' (on chain)'}`,
      )
      onStep(step.step, losses)
      if (step.step === 'failed') throw new Error(`the order failed: ${step.detail ?? 'no reason given'}`)
    }
  }
  return losses
}

/** A curve in one line of text. */
export function sparkline(values: readonly number[], width = 60): string {
  if (values.length === 0) return ''
  const bars = '▁▂▃▄▅▆▇█'
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const count = Math.min(width, values.length)
  return Array.from({ length: count }, (_, i) => {
    const value = values[Math.floor((i * values.length) / count)] ?? low
    return bars[Math.min(7, Math.floor((8 * (value - low)) / (high - low || 1)))]
  }).join('')
}
