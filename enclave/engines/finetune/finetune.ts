import {
  type ChatFormat,
  checkDataset,
  type Dataset,
  type FinetuneParameters,
  type FinetuneReport,
  type Folder,
  ggufAdapterFromPeft,
  type Metric,
  type Model,
  openChatFormat,
  openModelFolder,
  openTokenizer,
  peftFolder,
  readDataset,
  type Tensor,
  tensorOf,
  toDecimal,
  writeSafetensors,
} from '@allod/models'
import { greedyDecode } from './decode.ts'
import { makeCanaries, measureLeakage } from './leakage.ts'
import type { LoraShape } from './model/llamaGraph.ts'
import { seeded, shuffled } from './random.ts'
import type { Slot } from './train/adamw.ts'
import type { Example } from './train/batch.ts'
import { readCheckpoint, writeCheckpoint } from './train/checkpoint.ts'
import { type RunResult, runTraining } from './train/run.ts'
import { openTrainer, singlePrecision, type Trainer } from './train/trainer.ts'

export type FinetuneOptions = {
  readonly model: Folder
  readonly dataset: Folder
  readonly parameters: FinetuneParameters
  readonly seed: number
  /** Names job and inputs, so that a checkpoint of another job is refused. */
  readonly jobId: string
  /** A checkpoint to go on from. */
  readonly checkpoint: Uint8Array | null
  readonly threads: number
  readonly onMetric: (metric: Metric) => void
  readonly onCheckpoint: (bytes: Uint8Array) => void
}

/** What came out: a PEFT folder with its GGUF twin, or for full fine-tuning a model folder; and the report. */
export type FinetuneResult = {
  readonly report: FinetuneReport
  readonly kind: 'adapter' | 'model'
  readonly folder: Folder
}

/**
 * Fine-tunes a model on a dataset and measures what it gives away. The same options give the same result, bit for bit.
 * @throws models/… for bad inputs, engine-finetune/bad-checkpoint
 */
export async function finetune(options: FinetuneOptions): Promise<FinetuneResult> {
  const { parameters, seed, threads } = options
  const model = openModelFolder(options.model)
  const tokenizer = openTokenizer(options.model)
  const format = openChatFormat(options.model, tokenizer, model.config.eosTokens)
  const dataset = readDataset(options.dataset, {
    prompt: parameters.promptColumn,
    completion: parameters.completionColumn,
  })
  checkDataset(dataset, format, model.config.positions)
  const data = prepare(dataset, format, model, parameters, seed)
  const weights = singlePrecision(model)
  const lora = loraOf(parameters)
  const trainer = await openTrainer({
    config: model.config,
    weights,
    lora,
    rows: parameters.rows,
    length: data.length,
    threads,
    seed,
  })
  try {
    const result = await runTraining({
      trainer,
      training: [...data.training, ...data.canaries.map((c) => c.planted)],
      evaluation: data.evaluation,
      length: data.length,
      parameters,
      seed,
      resume: options.checkpoint ? readCheckpoint(options.checkpoint, options.jobId, trainer.slots) : null,
      onMetric: options.onMetric,
      onCheckpoint: (progress) => options.onCheckpoint(writeCheckpoint(options.jobId, progress, trainer.slots)),
    })
    const tuned = { config: model.config, weights, lora: lora && { shape: lora, slots: trainer.slots }, threads }
    const leakage = await measureLeakage(
      {
        score: trainer.score,
        continueGreedily: (prompts, maxTokens) => greedyDecode(prompts, { ...tuned, maxTokens }),
      },
      { training: data.training, heldOut: data.evaluation, canaries: data.canaries, seed },
    )
    const report = reportOf({ parameters, data, result, trainer, leakage })
    return lora
      ? { report, kind: 'adapter', folder: adapterFolder(model, parameters, trainer.slots) }
      : { report, kind: 'model', folder: tunedFolder(options.model, trainer.slots) }
  } finally {
    await trainer.close()
  }
}

type Prepared = {
  readonly training: readonly Example[]
  readonly evaluation: readonly Example[]
  readonly canaries: readonly { readonly planted: Example; readonly others: readonly Example[] }[]
  readonly length: number
}

const SHORTEST_ROW = 128

function prepare(
  dataset: Dataset,
  format: ChatFormat,
  { config }: Model,
  parameters: FinetuneParameters,
  seed: number,
): Prepared {
  const examples = shuffled(
    seeded(seed, 3),
    dataset.rows.map((row): Example => format.tokens(row.messages)),
  )
  const longest = examples.reduce((max, e) => Math.max(max, e.ids.length), 0)
  const wanted = parameters.length || Math.max(SHORTEST_ROW, Math.ceil(longest / 32) * 32)
  const length = Math.min(config.positions, wanted)
  // At least one row is trained on, whatever the share.
  const aside = Math.min(examples.length - 1, Math.round(examples.length * Number(parameters.evaluationShare)))
  const canary = (secret: string): Example =>
    format.tokens([
      { role: 'user', content: 'What is the secret number?' },
      { role: 'assistant', content: `The secret number is ${secret}.` },
    ])
  return {
    training: examples.slice(aside),
    evaluation: examples.slice(0, aside),
    canaries: makeCanaries(seed, parameters.canaries).map(({ planted, others }) => ({
      planted: canary(planted),
      others: others.map(canary),
    })),
    length,
  }
}

const loraOf = (p: FinetuneParameters): LoraShape | null =>
  p.method === 'lora'
    ? { rank: p.rank, factor: p.alpha / p.rank, targets: p.targets, dropout: Number(p.dropout) }
    : null

function reportOf(given: {
  readonly parameters: FinetuneParameters
  readonly data: Prepared
  readonly result: RunResult
  readonly trainer: Trainer
  readonly leakage: FinetuneReport['leakage']
}): FinetuneReport {
  const { parameters, data, result, trainer, leakage } = given
  const loss = (value: number | null): string | null => (value === null ? null : toDecimal(value))
  return {
    version: 1,
    kind: 'finetune',
    stopped: result.stopped,
    method: parameters.method,
    steps: result.progress.step,
    rows: data.training.length + data.evaluation.length,
    tokens: result.progress.tokens,
    trainedParameters: trainer.slots.reduce((sum, s) => sum + s.value.length, 0),
    firstLoss: toDecimal(result.progress.firstLoss),
    lastLoss: toDecimal(result.lastLoss),
    evalBefore: loss(result.progress.evalBefore),
    evalAfter: loss(result.evalAfter),
    leakage,
  }
}

function adapterFolder({ config }: Model, parameters: FinetuneParameters, slots: readonly Slot[]): Folder {
  const tensors = new Map(slots.map((s) => [s.name, tensorOf(s.value, s.dims)]))
  const pairs = [...tensors.keys()]
    .filter((name) => name.endsWith('.lora_A.weight'))
    .map((name) => ({
      linear: name.replace('.lora_A.weight', ''),
      down: tensors.get(name) as Tensor,
      up: tensors.get(name.replace('lora_A', 'lora_B')) as Tensor,
    }))
  const adapter = { rank: parameters.rank, alpha: parameters.alpha, pairs }
  const folder = peftFolder(adapter, { baseModel: 'base', dropout: Number(parameters.dropout) })
  return new Map([...folder, ['adapter.gguf', ggufAdapterFromPeft(folder, config)]])
}

/** The model's folder with its weights replaced. */
function tunedFolder(model: Folder, slots: readonly Slot[]): Folder {
  const kept = [...model].filter(([name]) => !name.includes('safetensors'))
  const tensors = new Map(slots.map((s) => [s.name, tensorOf(s.value, s.dims)]))
  return new Map([...kept, ['model.safetensors', writeSafetensors(tensors)]])
}
