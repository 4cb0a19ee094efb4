import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newWorld, PARAMETERS, type World } from '@allod/e2e/world'
import { formatJob, type Metric, parseMetric } from '@allod/models'
import { utf8 } from '@allod/protocol'
import { companyJsonl, generateCompany } from '../examples/company/generate.ts'
import { median, report } from './measure.ts'

/*
 * Training inside an environment, on a live network, against the same packaged engine started bare on the same inputs, in
 * turn. Inside are two sandboxes, the runtime that watches, seals and sends figures, and the keepers', stores' and chain's own
 * work on the same cores. Also how long it takes from an order's placing to its first training step.
 */

const ROUNDS = 3
const EPOCHS = 12
const SEED = 1
/** The first steps warm the caches. */
const WARM_STEPS = 5

const weights = join(import.meta.dirname, '../enclave/engines/finetune/base-model/weights')

const ratesOf = (metrics: readonly Metric[]): number[] =>
  metrics.flatMap((m) => (m.event === 'step' && m.step > WARM_STEPS ? [m.tokensPerSecond] : []))

async function inside(world: World): Promise<{ readonly rate: number; readonly firstStepSeconds: number }> {
  const from = performance.now()
  const record = await world.order({ epochs: EPOCHS, threads: 0 })
  const metrics: Metric[] = []
  let firstStepSeconds: number | null = null
  // To its report: a settling before it would end the order, and measure the haste of that.
  for await (const step of world.follow(record, 'reported', 'failed', 'ended')) {
    if (step.kind !== 'figures') continue
    if (step.figures.some((m) => m.event === 'step')) firstStepSeconds ??= (performance.now() - from) / 1000
    metrics.push(...step.figures)
  }
  const { isReported } = await world.settle(record)
  if (!isReported || firstStepSeconds === null) throw new Error('the order was not carried out')
  return { rate: median(ratesOf(metrics)), firstStepSeconds }
}

function bare(engines: string): number {
  const folder = mkdtempSync(join(tmpdir(), 'allod-bench-'))
  try {
    const [input, output] = [join(folder, 'in'), join(folder, 'out')]
    mkdirSync(join(input, 'dataset'), { recursive: true })
    cpSync(weights, join(input, 'model'), { recursive: true })
    writeFileSync(join(input, 'dataset/company.jsonl'), utf8(companyJsonl(generateCompany(SEED))))
    writeFileSync(
      join(input, 'job.json'),
      formatJob({
        version: 1,
        kind: 'finetune',
        inputs: ['model', 'dataset'],
        parameters: { ...PARAMETERS, epochs: EPOCHS },
        seed: SEED,
      }),
    )
    const program = join(engines, 'finetune/finetune.mjs')
    const { status, stderr } = spawnSync(process.execPath, [program, input, output], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`the bare engine ended with ${status}: ${stderr}`)
    const lines = readFileSync(join(output, 'metrics.jsonl'), 'utf8').trimEnd().split('\n')
    return median(ratesOf(lines.flatMap((line) => parseMetric(line) ?? [])))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const world = await newWorld({ model: weights })
try {
  const [ratios, rates, firstSteps]: number[][] = [[], [], []]
  for (let round = 0; round < ROUNDS; round++) {
    const { rate, firstStepSeconds } = await inside(world)
    ratios?.push(rate / bare(world.layout.engines))
    rates?.push(rate)
    firstSteps?.push(firstStepSeconds)
  }
  report('training inside, of the same engine bare', median(ratios ?? []), 'ratio', 0.95)
  report('training inside', median(rates ?? []), 'tokens/s', null)
  report('order placed to first training step', median(firstSteps ?? []), 's', 15)
} finally {
  await world.stop()
}
