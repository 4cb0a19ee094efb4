import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseModelConfig } from '@allod/models'
import { Tokenizer } from '@huggingface/tokenizers'
import { llamaGraph } from '../model/llamaGraph.ts'
import { seeded } from '../random.ts'
import { openSession, type Session, type Tensor } from '../session.ts'
import { adamw, gradientNorm, type Slot, slot } from '../train/adamw.ts'
import { type Example, layOut, packRows, type Row } from '../train/batch.ts'
import { DEMO_CONFIG } from './architecture.ts'
import { openCorpus, remembering, tokenizerText } from './corpus.ts'
import { trainTokenizer } from './tokenizer.ts'

/**
 * The recipe of the demo base model. Work (tokenizer, checkpoints, log) goes to `--work`; run it again to go on from
 * the last checkpoint. `export.ts` turns the last checkpoint into `weights/`.
 * @example node base-model/train.ts --work ~/demo-model --threads 1
 */
const { values: args } = parseArgs({
  options: {
    work: { type: 'string' },
    threads: { type: 'string', default: '1' },
  },
})
if (!args.work) throw new Error('say where to keep tokenizer and checkpoints: --work DIR')

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

await train(args.work, Number(args.threads))

async function train(work: string, threads: number): Promise<void> {
  mkdirSync(work, { recursive: true })
  const tokenizer = new Tokenizer(tokenizerOf(work), {})
  const corpus = openCorpus(remembering((text) => tokenizer.encode(text, { add_special_tokens: false }).ids))
  const config = parseModelConfig(new TextEncoder().encode(JSON.stringify(DEMO_CONFIG)))
  const shared = { config, batch: ROWS, length: LENGTH, lora: null, frozen: new Map() }
  const graph = llamaGraph({ ...shared, purpose: 'train' })
  const session = await openSession(graph.bytes, threads)
  const evaluation = llamaGraph({ ...shared, purpose: 'evaluate' })
  const evaluator = await openSession(evaluation.bytes, threads)
  const slots = initialSlots([...graph.weights])
  const heldOut = { general: corpus.heldOut(32, LENGTH), chat: corpus.heldOutChats(200) }
  const into = new Map<string, Tensor>()
  for (const s of slots) into.set(graph.gradients.get(s.name) as string, { data: s.gradient, dims: s.dims })
  const embedding = slots[0] as Slot
  const outputs = [graph.outputs.loss as string, graph.embeddingGradient as string, ...graph.gradients.values()]

  const steps = LEGS[LEGS.length - 1]?.until ?? 0
  let [lossSum, tokens, since] = [0, 0, performance.now()]
  for (let step = restore(work, slots) + 1; step <= steps; step++) {
    const batch = layOut(corpus.rowsOf(step, ROWS, LENGTH), ROWS, LENGTH)
    const feeds = new Map<string, Tensor>([
      ...batch.feeds,
      ...slots.map((s) => [s.name, { data: s.value, dims: s.dims }] as const),
    ])
    feeds.set('weight', { data: Float32Array.of(1 / batch.counted), dims: [] })
    const results = await session.run(feeds, outputs, into)
    scatter(batch.ids, results.get(outputs[1] as string) as Float32Array, embedding)
    const norm = gradientNorm(slots)
    const options = { rate: rateAt(step), step, beta1: 0.9, beta2: 0.98, epsilon: 1e-8, decay: 0.05 }
    for (const s of slots) adamw(s, { ...options, gradientScale: Math.min(1, 1 / norm) })
    lossSum += (results.get(outputs[0] as string) as Float32Array)[0] as number
    tokens += ROWS * LENGTH
    if (step % LOG_EVERY === 0) {
      const seconds = (performance.now() - since) / 1000
      log(work, {
        step,
        loss: lossSum / LOG_EVERY,
        rate: options.rate,
        norm,
        tokensPerSecond: Math.round(tokens / seconds),
      })
      ;[lossSum, tokens, since] = [0, 0, performance.now()]
    }
    if (step % CHECKPOINT_EVERY === 0 || step === steps) {
      save(work, step, slots)
      const measured = {
        general: await measure(evaluator, evaluation, slots, heldOut.general),
        chat: await measure(evaluator, evaluation, slots, heldOut.chat),
      }
      log(work, { step, heldOut: measured })
    }
  }
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

function initialSlots(weights: readonly (readonly [string, readonly number[]])[]): Slot[] {
  const random = seeded(0)
  const depth = Math.sqrt(2 * DEMO_CONFIG.num_hidden_layers)
  return weights.map(([name, dims]) => {
    const value = new Float32Array(dims.reduce((a, b) => a * b, 1))
    const residual = /(o|down)_proj/.test(name)
    const spread = name.includes('embed') ? 0.04 : 1 / Math.sqrt(dims[1] ?? 1) / (residual ? depth : 1)
    for (let i = 0; i < value.length; i++) value[i] = dims.length === 1 ? 1 : spread * random.normal()
    return slot(name, dims, value)
  })
}

function scatter(ids: Int32Array, gradient: Float32Array, embedding: Slot): void {
  const width = embedding.dims[1] as number
  for (let i = 0; i < ids.length; i++) {
    const to = (ids[i] as number) * width
    for (let j = 0; j < width; j++)
      embedding.gradient[to + j] = (embedding.gradient[to + j] as number) + (gradient[i * width + j] as number)
  }
}

async function measure(
  session: Session,
  graph: ReturnType<typeof llamaGraph>,
  slots: readonly Slot[],
  examples: readonly Example[],
): Promise<number> {
  const rows: Row[] = packRows(examples, LENGTH)
  let [sum, counted] = [0, 0]
  for (let at = 0; at < rows.length; at += ROWS) {
    const batch = layOut(rows.slice(at, at + ROWS), ROWS, LENGTH)
    const feeds = new Map<string, Tensor>([
      ...batch.feeds,
      ...slots.map((s) => [s.name, { data: s.value, dims: s.dims }] as const),
    ])
    feeds.set('weight', { data: Float32Array.of(1), dims: [] })
    const results = await session.run(feeds, [graph.outputs.loss as string])
    sum += results.get(graph.outputs.loss as string)?.[0] ?? 0
    counted += batch.counted
  }
  return sum / counted
}

function save(work: string, step: number, slots: readonly Slot[]): void {
  const parts = slots.flatMap((s) => [s.value, s.mean, s.square])
  const bytes = Buffer.concat(
    [Float64Array.of(step), ...parts].map((p) => Buffer.from(p.buffer, p.byteOffset, p.byteLength)),
  )
  const path = join(work, 'checkpoint.bin')
  writeFileSync(`${path}.new`, bytes)
  renameSync(`${path}.new`, path)
}

function restore(work: string, slots: readonly Slot[]): number {
  const path = join(work, 'checkpoint.bin')
  if (!existsSync(path)) return 0
  const bytes = readFileSync(path)
  let at = 8
  for (const part of slots.flatMap((s) => [s.value, s.mean, s.square])) {
    const to = new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
    to.set(bytes.subarray(at, at + to.length))
    at += to.length
  }
  return bytes.readDoubleLE(0)
}

function log(work: string, line: object): void {
  writeFileSync(join(work, 'log.jsonl'), `${JSON.stringify(line)}\n`, { flag: 'a' })
  console.log(JSON.stringify(line))
}
