import {
  canonicalise,
  dictionary,
  errorsOf,
  fromUtf8,
  integer,
  type Json,
  list,
  oneOf,
  record,
  type Shape,
  type Shaped,
  text,
} from '@allod/protocol'
import { decimal } from './decimal.ts'

const fail = errorsOf('models', {
  'bad-job': ['job.json is not what the job contract says', 'write it with formatJob; unknown fields are refused'],
})

const jsonValue: Shape<Json> = (value) => value as Json

/** `/in/job.json`: what the runtime asks of an engine. Inputs lie beside it, one folder per name. */
export const jobShape = record({
  version: oneOf(1),
  kind: oneOf('finetune', 'serve', 'run'),
  /** Names of the folders under `/in`. */
  inputs: list(text(64, /^[a-z][a-z0-9-]{0,63}$/), 16),
  parameters: dictionary(jsonValue, 64),
  seed: integer(0, 2 ** 32 - 1),
})

export type Job = Shaped<typeof jobShape>

/** The linears LoRA may attach to, as PEFT names them. */
export const LORA_TARGETS = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const

const finetuneFields = {
  /** LoRA pairs, or every tensor. */
  method: oneOf('lora', 'full'),
  rank: integer(1, 256),
  /** LoRA's pairs count alpha / rank times. */
  alpha: integer(1, 4096),
  dropout: decimal(0, 0.9),
  targets: list(oneOf(...LORA_TARGETS), 7, 1),
  epochs: integer(1, 10_000),
  /** Peak rate; it warms up over `warmUp` of the steps and falls along a cosine to a twentieth. */
  learningRate: decimal(0, 1),
  warmUp: decimal(0, 1),
  weightDecay: decimal(0, 10),
  clip: decimal(0.000001, 1_000_000),
  /** Tokens in a row; 0 takes what the longest example needs, at most what the model reads. */
  length: integer(0, 1 << 17),
  /** Rows that pass the graph at once, and how many such batches make one step. */
  rows: integer(1, 1024),
  accumulation: integer(1, 1024),
  /** Share of the dataset's rows that is kept aside to measure on. */
  evaluationShare: decimal(0, 0.5),
  evaluateEvery: integer(0, 1_000_000),
  /** Stop after so many measurements without a better one; 0 never stops early. */
  patience: integer(0, 1000),
  /** Save a checkpoint every so many steps; 0 never does. */
  checkpointEvery: integer(0, 1_000_000),
  /** Made-up secrets planted to measure how much is remembered word for word. */
  canaries: integer(0, 64),
  /** 0 takes every core the environment has. */
  threads: integer(0, 1024),
  promptColumn: text(64, /^.+$/),
  completionColumn: text(64, /^.+$/),
} as const

const finetuneShape = record(finetuneFields)

export type FinetuneParameters = Shaped<typeof finetuneShape>

/** What a fine-tuning does unless told otherwise. */
export const FINETUNE_DEFAULTS: FinetuneParameters = {
  method: 'lora',
  rank: 16,
  alpha: 32,
  dropout: '0',
  targets: LORA_TARGETS,
  epochs: 3,
  learningRate: '0.001',
  warmUp: '0.05',
  weightDecay: '0',
  clip: '1',
  length: 0,
  rows: 4,
  accumulation: 1,
  evaluationShare: '0.05',
  evaluateEvery: 0,
  patience: 0,
  checkpointEvery: 20,
  canaries: 2,
  threads: 0,
  promptColumn: 'prompt',
  completionColumn: 'completion',
}

/** The parameters of a fine-tuning, defaults filled in. @throws protocol/bad-shape, models/bad-number */
export const parseFinetuneParameters = (given: { readonly [name: string]: Json }): FinetuneParameters =>
  finetuneShape({ ...FINETUNE_DEFAULTS, ...given }, 'parameters')

/** Reads `job.json`. @throws models/bad-job, protocol/bad-shape */
export function parseJob(bytes: Uint8Array): Job {
  if (bytes.length > 1 << 20) throw fail('bad-job', { expected: 'at most 1 MiB', actual: bytes.length })
  let value: unknown
  try {
    value = JSON.parse(fromUtf8(bytes))
  } catch (cause) {
    throw fail('bad-job', { cause })
  }
  return jobShape(value, 'job')
}

/** Writes `job.json`. */
export const formatJob = (job: Job): Uint8Array<ArrayBuffer> => canonicalise(jobShape(job, 'job') as unknown as Json)
