import { errorsOf, fromUtf8, utf8 } from '@allod/protocol'
import type { Folder } from './folder.ts'
import { type ModelConfig, tensorShapes } from './modelConfig.ts'
import { fileOf } from './modelFolder.ts'
import { readSafetensors, type Tensor, writeSafetensors } from './safetensors.ts'

/** One LoRA pair: `linear` names the matrix without `.weight`; down [rank, in], up [out, rank]. */
export type LoraPair = { readonly linear: string; readonly down: Tensor; readonly up: Tensor }

/** A LoRA adapter: what it adds is up · down · alpha / rank. */
export type Adapter = { readonly rank: number; readonly alpha: number; readonly pairs: readonly LoraPair[] }

/** What is written into `adapter_config.json` beside the shape. */
export type AdapterNotes = { readonly baseModel: string; readonly dropout: number }

const fail = errorsOf('models', {
  'bad-adapter': [
    'an adapter folder is malformed or belongs to another model',
    'check which base model it was made for',
  ],
  'unsupported-adapter': ['the adapter uses a PEFT feature this project does not apply', 'export it as plain LoRA'],
})

const PREFIX = 'base_model.model.'
const MAX_RANK = 1024

/** The folder of an adapter in PEFT's layout: `adapter_config.json` and `adapter_model.safetensors`. */
export function peftFolder(adapter: Adapter, notes: AdapterNotes): Folder {
  const targets = [...new Set(adapter.pairs.map((p) => p.linear.split('.').at(-1) as string))].sort()
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: notes.baseModel,
    r: adapter.rank,
    lora_alpha: adapter.alpha,
    lora_dropout: notes.dropout,
    target_modules: targets,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    use_rslora: false,
    use_dora: false,
    modules_to_save: null,
  }
  const tensors = new Map<string, Tensor>()
  for (const { linear, down, up } of adapter.pairs) {
    tensors.set(`${PREFIX}${linear}.lora_A.weight`, down)
    tensors.set(`${PREFIX}${linear}.lora_B.weight`, up)
  }
  return new Map([
    ['adapter_config.json', utf8(`${JSON.stringify(config, null, 2)}\n`)],
    ['adapter_model.safetensors', writeSafetensors(tensors)],
  ])
}

/**
 * Reads an adapter folder against the model it is for.
 * @throws models/bad-adapter, models/unsupported-adapter, models/file-missing, models/bad-safetensors
 */
export function parseAdapter(folder: Folder, base: ModelConfig): Adapter {
  const { rank, alpha } = parseConfig(fileOf(folder, 'adapter_config.json'))
  const tensors = readSafetensors(fileOf(folder, 'adapter_model.safetensors'))
  const shapes = tensorShapes(base)
  const pairs: LoraPair[] = []
  for (const [name, shape] of shapes) {
    const linear = name.replace(/\.weight$/, '')
    const down = tensors.get(`${PREFIX}${linear}.lora_A.weight`)
    const up = tensors.get(`${PREFIX}${linear}.lora_B.weight`)
    if (!down && !up) continue
    if (String(down?.shape) !== `${rank},${shape[1]}` || String(up?.shape) !== `${shape[0]},${rank}` || !down || !up)
      throw fail('bad-adapter', { expected: `a pair of rank ${rank} for ${name}`, actual: [down?.shape, up?.shape] })
    pairs.push({ linear, down, up })
  }
  if (pairs.length === 0 || pairs.length * 2 !== tensors.size)
    throw fail('bad-adapter', { expected: `${tensors.size} tensors that fit the model`, actual: pairs.length * 2 })
  return { rank, alpha, pairs }
}

function parseConfig(bytes: Uint8Array): { rank: number; alpha: number } {
  let raw: Readonly<Record<string, unknown>>
  try {
    raw = JSON.parse(fromUtf8(bytes)) as Readonly<Record<string, unknown>>
  } catch (cause) {
    throw fail('bad-adapter', { expected: 'adapter_config.json as JSON', cause })
  }
  const { r: rank, lora_alpha: alpha } = raw ?? {}
  if (!Number.isSafeInteger(rank) || (rank as number) < 1 || (rank as number) > MAX_RANK || !(Number(alpha) > 0))
    throw fail('bad-adapter', { expected: `r in 1..${MAX_RANK} and lora_alpha above 0`, actual: { rank, alpha } })
  const features: Readonly<Record<string, unknown>> = {
    peft_type: 'LORA',
    bias: 'none',
    fan_in_fan_out: false,
    use_rslora: false,
    use_dora: false,
  }
  for (const [key, expected] of Object.entries(features))
    if (raw[key] !== undefined && raw[key] !== expected)
      throw fail('unsupported-adapter', { expected: `${key}: ${expected}`, actual: raw[key] })
  return { rank: rank as number, alpha: alpha as number }
}
