import { type FinetuneParameters, type Metric, toDecimal } from '@allod/models'
import { seeded, shuffled } from '../random.ts'
import { type Example, packRows, type Row } from './batch.ts'
import type { Progress } from './checkpoint.ts'
import { rateAt } from './schedule.ts'
import type { Trainer } from './trainer.ts'

export type RunOptions = {
  readonly trainer: Trainer
  readonly training: readonly Example[]
  readonly evaluation: readonly Example[]
  readonly length: number
  readonly parameters: FinetuneParameters
  readonly seed: number
  /** Where a checkpoint left off; its weights are in the trainer already. */
  readonly resume: Progress | null
  readonly onMetric: (metric: Metric) => void
  readonly onCheckpoint: (progress: Progress) => void
}

export type RunResult = {
  readonly stopped: 'completed' | 'early-stop'
  readonly progress: Progress
  readonly lastLoss: number
  readonly evalAfter: number | null
}

const [BETA1, BETA2, EPSILON] = [0.9, 0.98, 1e-8]

/** Trains to the end of the job, or until the held-out loss has stopped falling. */
export async function runTraining(options: RunOptions): Promise<RunResult> {
  const { trainer, parameters, seed, onMetric } = options
  const group = parameters.rows * parameters.accumulation
  const perEpoch = packRows(options.training, options.length).length
  const steps = Math.max(1, Math.ceil((perEpoch * parameters.epochs) / group))
  const schedule = { peak: Number(parameters.learningRate), steps, warmUp: Number(parameters.warmUp) }
  const stream = rowStream(options.training, options.length, seed)
  const evaluate = async (): Promise<number | null> =>
    options.evaluation.length === 0 ? null : mean(await trainer.score(options.evaluation))

  let progress = options.resume ?? begun(await evaluate())
  for (let i = 0; i < progress.step * group; i++) stream.next()
  let lastLoss = progress.firstLoss
  let stopped: RunResult['stopped'] = 'completed'

  while (progress.step < steps) {
    const startedAt = performance.now()
    const rows = Array.from({ length: group }, () => stream.next().value as Row)
    const step = progress.step + 1
    const lr = rateAt(step, schedule)
    const result = await trainer.learn(rows, {
      rate: lr,
      step,
      beta1: BETA1,
      beta2: BETA2,
      epsilon: EPSILON,
      decay: Number(parameters.weightDecay),
      clip: Number(parameters.clip),
    })
    lastLoss = result.loss
    const tokens = progress.tokens + result.tokens
    progress = { ...progress, step, tokens, firstLoss: step === 1 ? lastLoss : progress.firstLoss }
    const tokensPerSecond = Math.round((1000 * result.tokens) / (performance.now() - startedAt))
    onMetric({
      event: 'step',
      step,
      of: steps,
      tokens,
      loss: toDecimal(lastLoss),
      lr: toDecimal(lr, 8),
      tokensPerSecond,
    })
    if (parameters.evaluateEvery > 0 && step % parameters.evaluateEvery === 0 && step < steps) {
      const loss = await evaluate()
      if (loss !== null) {
        onMetric({ event: 'eval', step, loss: toDecimal(loss) })
        const better = loss < progress.bestLoss
        progress = {
          ...progress,
          bestLoss: Math.min(loss, progress.bestLoss),
          sinceBest: better ? 0 : progress.sinceBest + 1,
        }
      }
    }
    if (parameters.checkpointEvery > 0 && step % parameters.checkpointEvery === 0 && step < steps) {
      options.onCheckpoint(progress)
      onMetric({ event: 'checkpoint', step })
    }
    if (parameters.patience > 0 && progress.sinceBest >= parameters.patience) {
      stopped = 'early-stop'
      break
    }
  }
  const evalAfter = await evaluate()
  if (evalAfter !== null) onMetric({ event: 'eval', step: progress.step, loss: toDecimal(evalAfter) })
  return { stopped, progress, lastLoss, evalAfter }
}

const begun = (evalBefore: number | null): Progress => ({
  step: 0,
  tokens: 0,
  firstLoss: 0,
  evalBefore,
  bestLoss: evalBefore ?? Number.MAX_VALUE,
  sinceBest: 0,
})

/** Rows of one epoch after the other, each epoch in an order of its own. */
function* rowStream(examples: readonly Example[], length: number, seed: number): Generator<Row> {
  for (let epoch = 0; ; epoch++) yield* packRows(shuffled(seeded(seed, 5, epoch), examples), length)
}

const mean = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length
