import { type Model, type ModelConfig, tensorShapes, toFloat32 } from '@allod/models'
import { type LlamaGraph, type LoraShape, llamaGraph, loraShapes } from '../model/llamaGraph.ts'
import { type Random, seeded } from '../random.ts'
import { openSession, type Session, type Tensor } from '../session.ts'
import { type AdamWOptions, adamw, gradientNorm, type Slot, slot } from './adamw.ts'
import { type Batch, type Example, layOut, packRows, type Row } from './batch.ts'

export type TrainerOptions = {
  readonly config: ModelConfig
  /** Every tensor of the model, in single precision. In full fine-tuning they are changed in place. */
  readonly weights: ReadonlyMap<string, Float32Array>
  /** null trains every tensor. */
  readonly lora: LoraShape | null
  /** Rows that go through the graph at once, and tokens in each. */
  readonly rows: number
  readonly length: number
  readonly threads: number
  readonly seed: number
}

export type StepOptions = Omit<AdamWOptions, 'gradientScale'> & {
  /** Gradients longer than this are shortened to it. */
  readonly clip: number
}

export type StepResult = { readonly loss: number; readonly norm: number; readonly tokens: number }

/** A model that learns. Close it when done. */
export type Trainer = {
  /** What is trained, with the optimiser's state. */
  readonly slots: readonly Slot[]
  /** One update from any number of rows; they pass the graph in batches whose gradients are summed. */
  readonly learn: (rows: readonly Row[], options: StepOptions) => Promise<StepResult>
  /** Mean negative log-likelihood per counted token of each example, in nats. */
  readonly score: (examples: readonly Example[]) => Promise<readonly number[]>
  readonly close: () => Promise<void>
}

/** The weights of an opened model in single precision. */
export const singlePrecision = (model: Model): Map<string, Float32Array> =>
  new Map([...model.tensors].map(([name, tensor]) => [name, toFloat32(tensor)]))

/** Fresh LoRA pairs: A random, B zero, so that the model starts as it was. */
export function freshLora(config: ModelConfig, lora: LoraShape, seed: number): Slot[] {
  const random = seeded(seed, 7)
  return [...loraShapes(config, lora)].map(([name, dims]) => {
    const value = new Float32Array(dims.reduce((a, b) => a * b, 1))
    const spread = 1 / Math.sqrt(dims[1] as number)
    if (name.includes('lora_A')) for (let i = 0; i < value.length; i++) value[i] = spread * random.normal()
    return slot(name, dims, value)
  })
}

/** Builds the graphs and opens them. */
export async function openTrainer(options: TrainerOptions): Promise<Trainer> {
  const { config, lora, rows: batchRows, length, threads, weights } = options
  const shared = { config, batch: batchRows, length, lora }
  const frozen = lora ? weights : new Map<string, Float32Array>()
  const graph = llamaGraph({ ...shared, purpose: 'train', frozen })
  const session = await openSession(graph.bytes, threads, frozen)
  const slots = lora
    ? freshLora(config, lora, options.seed)
    : [...tensorShapes(config)].map(([name, dims]) => slot(name, dims, weights.get(name) as Float32Array))
  const fed = new Map<string, Tensor>(slots.map((s) => [s.name, { data: s.value, dims: s.dims }]))
  const scorer = openLazily(async () => {
    const evaluation = llamaGraph({ ...shared, purpose: 'evaluate', frozen: new Map() })
    return { evaluation, session: await openSession(evaluation.bytes, threads) }
  })
  const everything = new Map([...tensorsOf(config, weights), ...fed])

  return {
    slots,
    async learn(rows, step) {
      const batches = batchesOf(rows, batchRows, length)
      const counted = batches.reduce((sum, b) => sum + b.counted, 0)
      let loss = 0
      for (const [i, batch] of batches.entries()) {
        const masks = dropoutMasks(graph, lora?.dropout ?? 0, seeded(options.seed, 9, step.step, i))
        const feeds = new Map([...fed, ...masks])
        loss += await accumulateGradients({
          session,
          graph,
          slots,
          fed: feeds,
          batch,
          weight: 1 / counted,
          first: i === 0,
        })
      }
      const norm = gradientNorm(slots)
      const gradientScale = Math.min(1, step.clip / norm)
      for (const s of slots) adamw(s, { ...step, gradientScale })
      return { loss, norm, tokens: rows.reduce((sum, r) => sum + r.reduce((n, e) => n + e.ids.length, 0), 0) }
    },
    async score(examples) {
      const { evaluation, session: evaluator } = await scorer.get()
      const name = evaluation.outputs.logLikelihoods as string
      const out: number[] = []
      const rows = packRows(examples, length, 1)
      for (let at = 0; at < rows.length; at += batchRows) {
        const some = rows.slice(at, at + batchRows)
        const batch = layOut(some, batchRows, length)
        const results = await evaluator.run(withWeight(everything, batch, 1), [name])
        out.push(...meansOf(some, results.get(name) as Float32Array))
      }
      return out
    },
    async close() {
      await session.close()
      await scorer.close()
    },
  }
}

type Accumulation = {
  readonly session: Session
  readonly graph: LlamaGraph
  readonly slots: readonly Slot[]
  readonly fed: ReadonlyMap<string, Tensor>
  readonly batch: Batch
  readonly weight: number
  readonly first: boolean
}

/** Runs one batch and adds its gradients to the slots'; returns its share of the loss. */
async function accumulateGradients({
  session,
  graph,
  slots,
  fed,
  batch,
  weight,
  first,
}: Accumulation): Promise<number> {
  const { loss } = graph.outputs
  const outputs = [loss as string, ...graph.gradients.values()]
  if (graph.embeddingGradient) outputs.push(graph.embeddingGradient)
  const into = new Map<string, Tensor>()
  // The first batch's gradients are written where they belong, the others' are added.
  if (first)
    for (const s of slots) {
      const name = graph.gradients.get(s.name)
      if (name) into.set(name, { data: s.gradient, dims: s.dims })
      else s.gradient.fill(0)
    }
  const results = await session.run(withWeight(fed, batch, weight), outputs, into)
  for (const s of slots) {
    const name = graph.gradients.get(s.name)
    if (!first && name) addTo(s.gradient, results.get(name) as Float32Array)
  }
  if (graph.embeddingGradient)
    addRows(slots[0] as Slot, batch.ids, results.get(graph.embeddingGradient) as Float32Array)
  return (results.get(loss as string) as Float32Array)[0] as number
}

/** Fresh masks: each number kept with probability 1 − `share`, and scaled so that the mean stays. */
function dropoutMasks(graph: LlamaGraph, share: number, random: Random): Map<string, Tensor> {
  const kept = 1 / (1 - share)
  return new Map(
    [...graph.masks].map(([name, dims]) => {
      const data = new Float32Array(dims.reduce((a, b) => a * b, 1))
      for (let i = 0; i < data.length; i++) data[i] = random.next() < share ? 0 : kept
      return [name, { data, dims }]
    }),
  )
}

/** Adds each place's gradient to the embedding's row of its token, in order, so that every run adds alike. */
function addRows({ gradient, dims }: Slot, ids: Int32Array, rows: Float32Array): void {
  const width = dims[1] as number
  for (let i = 0; i < ids.length; i++) {
    const to = (ids[i] as number) * width
    for (let j = 0; j < width; j++) gradient[to + j] = (gradient[to + j] as number) + (rows[i * width + j] as number)
  }
}

function addTo(sum: Float32Array, more: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (more[i] as number)
}

function batchesOf(rows: readonly Row[], size: number, length: number): Batch[] {
  const out: Batch[] = []
  for (let at = 0; at < rows.length; at += size) out.push(layOut(rows.slice(at, at + size), size, length))
  return out.filter((b) => b.counted > 0)
}

function withWeight(fed: ReadonlyMap<string, Tensor>, batch: Batch, weight: number): ReadonlyMap<string, Tensor> {
  return new Map<string, Tensor>([...fed, ...batch.feeds, ['weight', { data: Float32Array.of(weight), dims: [] }]])
}

function meansOf(rows: readonly Row[], logLikelihoods: Float32Array): number[] {
  let at = 0
  return rows.flat().map(({ counts }) => {
    const n = counts.slice(1).filter(Boolean).length
    let sum = 0
    for (let i = 0; i < n; i++) sum -= logLikelihoods[at++] as number
    return n === 0 ? 0 : sum / n
  })
}

function tensorsOf(config: ModelConfig, weights: ReadonlyMap<string, Float32Array>): Map<string, Tensor> {
  return new Map(
    [...tensorShapes(config)].map(([name, dims]) => [name, { data: weights.get(name) as Float32Array, dims }]),
  )
}

type Opened = { readonly evaluation: LlamaGraph; readonly session: Session }

function openLazily(open: () => Promise<Opened>): { get: () => Promise<Opened>; close: () => Promise<void> } {
  let opened: Promise<Opened> | undefined
  return {
    get() {
      opened ??= open()
      return opened
    },
    close: async () => (await opened)?.session.close(),
  }
}
