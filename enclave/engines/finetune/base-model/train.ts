import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseModelConfig, tensorShapes } from '@allod/models'
import { utf8 } from '@allod/protocol'
import { Tokenizer } from '@huggingface/tokenizers'
import { seeded } from '../random.ts'
import { type Progress, readCheckpoint, writeCheckpoint } from '../train/checkpoint.ts'
import { openTrainer } from '../train/trainer.ts'
import { DEMO_CONFIG } from './architecture.ts'
import { openCorpus, remembering, tokenizerText } from './corpus.ts'
import { trainTokenizer } from './tokenizer.ts'

/**
 * The recipe of the demo base model. Work (tokenizer, checkpoint, log) goes to `--work`; run it again to go on from the
 * last checkpoint. `export.ts` turns that into `weights/`.
 * @example node base-model/train.ts --work ~/demo-model --threads 1
 */
const { values: args } = parseArgs({
  options: { work: { type: 'string' }, threads: { type: 'string', default: '1' } },
})
if (!args.work) throw new Error('say where to keep tokenizer and checkpoint: --work DIR')

const [ROWS, LENGTH] = [4, 256]
/** The run's legs, one after the other: where each ends, and its highest rate. A leg begins with a warm-up. */
const LEGS = [
  { until: 3200, peak: 3e-3 },
  { until: 6600, peak: 2e-3 },
] as const
const WARM_UP_STEPS = 100
/** The rate is held, then falls over this last share of a leg's steps. */
const DECAY_SHARE = 0.4
const CHECKPOINT_EVERY = 250
const LOG_EVERY = 50
const OPTIMISER = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, decay: 0.05, clip: 1 }
const JOB = 'demo base model'

await train(args.work, Number(args.threads))

async function train(work: string, threads: number): Promise<void> {
  mkdirSync(work, { recursive: true })
  const tokenizer = new Tokenizer(tokenizerOf(work), {})
  const corpus = openCorpus(remembering((text) => tokenizer.encode(text, { add_special_tokens: false }).ids))
  const config = parseModelConfig(utf8(JSON.stringify(DEMO_CONFIG)))
  const shape = { config, weights: initialWeights(config), lora: null, rows: ROWS, length: LENGTH }
  const trainer = await openTrainer({ ...shape, threads, seed: 0 })
  const heldOut = { general: corpus.heldOut(32, LENGTH), chat: corpus.heldOutChats(200) }
  const [path, steps] = [join(work, 'checkpoint.safetensors'), LEGS[LEGS.length - 1]?.until ?? 0]
  const fresh: Progress = { step: 0, tokens: 0, firstLoss: 0, evalBefore: null, bestLoss: 0, sinceBest: 0 }
  let progress = existsSync(path) ? readCheckpoint(new Uint8Array(readFileSync(path)), JOB, trainer.slots) : fresh

  let [lossSum, since] = [0, performance.now()]
  while (progress.step < steps) {
    const step = progress.step + 1
    const result = await trainer.learn(corpus.rowsOf(step, ROWS, LENGTH), { ...OPTIMISER, rate: rateAt(step), step })
    progress = { ...progress, step, tokens: progress.tokens + result.tokens }
    lossSum += result.loss
    if (step % LOG_EVERY === 0) {
      const tokensPerSecond = Math.round((LOG_EVERY * ROWS * LENGTH * 1000) / (performance.now() - since))
      log(work, { step, loss: lossSum / LOG_EVERY, rate: rateAt(step), norm: result.norm, tokensPerSecond })
      ;[lossSum, since] = [0, performance.now()]
    }
    if (step % CHECKPOINT_EVERY === 0 || step === steps) {
      writeFileSync(`${path}.new`, writeCheckpoint(JOB, progress, trainer.slots))
      renameSync(`${path}.new`, path)
      const [general, chat] = [mean(await trainer.score(heldOut.general)), mean(await trainer.score(heldOut.chat))]
      log(work, { step, heldOut: { general, chat } })
    }
  }
  await trainer.close()
}

function tokenizerOf(work: string): object {
  const path = join(work, 'tokenizer.json')
  if (!existsSync(path)) writeFileSync(path, JSON.stringify(trainTokenizer(tokenizerText(), DEMO_CONFIG.vocab_size)))
  return JSON.parse(readFileSync(path, 'utf8')) as object
}

function rateAt(step: number): number {
  const index = LEGS.findIndex((leg) => step <= leg.until)
  const { until, peak } = LEGS[index] ?? LEGS[0]
  const from = LEGS[index - 1]?.until ?? 0
  const left = (until - step) / ((until - from) * DECAY_SHARE)
  return peak * Math.min(1, (step - from) / WARM_UP_STEPS, 0.02 + 0.98 * left)
}

/** Normal numbers, narrower where they are summed up over the layers; norms begin as 1. */
function initialWeights(config: ReturnType<typeof parseModelConfig>): Map<string, Float32Array> {
  const random = seeded(0)
  const depth = Math.sqrt(2 * config.layers)
  return new Map(
    [...tensorShapes(config)].map(([name, dims]) => {
      const value = new Float32Array(dims.reduce((a, b) => a * b, 1))
      const residual = /(o|down)_proj/.test(name)
      const spread = name.includes('embed') ? 0.04 : 1 / Math.sqrt(dims[1] ?? 1) / (residual ? depth : 1)
      for (let i = 0; i < value.length; i++) value[i] = dims.length === 1 ? 1 : spread * random.normal()
      return [name, value]
    }),
  )
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0) / numbers.length
}

function log(work: string, line: object): void {
  writeFileSync(join(work, 'log.jsonl'), `${JSON.stringify(line)}\n`, { flag: 'a' })
  console.log(JSON.stringify(line))
}
