import { errorsOf, fromUtf8 } from '@allod/protocol'
import type { Folder } from './folder.ts'
import { type ModelConfig, parseModelConfig, tensorShapes } from './modelConfig.ts'
import { readSafetensors, type Tensor } from './safetensors.ts'

/** A checked Hugging Face folder: every tensor is there, in its shape, and nothing in it can run. */
export type Model = { readonly config: ModelConfig; readonly tensors: ReadonlyMap<string, Tensor> }

const fail = errorsOf('models', {
  'file-missing': ['a file that the folder must hold is missing', 'download the whole folder'],
  'tokenizer-missing': ['the model folder has no tokenizer.json', 'add the tokenizer.json of the model'],
  'pickle-refused': [
    'the folder holds a pickle, which can run code when it is opened',
    'convert the weights to safetensors and remove the file',
  ],
  'tensor-missing': ['a tensor that the architecture needs is missing', 'check that the folder is complete'],
  'tensor-unexpected': [
    'the folder holds a tensor that the architecture does not have',
    'remove it, or name its architecture',
  ],
  'tensor-shape': ['a tensor does not have the shape that config.json implies', 'check that the weights belong to it'],
})

const PICKLE = /\.(bin|pt|pth|pkl|pickle|ckpt)$/i
/** Older exports carry these, which follow from config.json. */
const DERIVED = /rotary_emb\.inv_freq$/

/**
 * Opens a model folder.
 * @throws models/file-missing, models/tokenizer-missing, models/pickle-refused, models/tensor-missing,
 * models/tensor-unexpected, models/tensor-shape, and what its files' parsers throw
 */
export function openModelFolder(folder: Folder): Model {
  for (const name of folder.keys()) if (PICKLE.test(name)) throw fail('pickle-refused', { actual: name })
  const config = parseModelConfig(fileOf(folder, 'config.json'))
  if (!folder.has('tokenizer.json')) throw fail('tokenizer-missing')
  return { config, tensors: checked(config, readWeights(folder)) }
}

/** A file of the folder. @throws models/file-missing */
export function fileOf(folder: Folder, name: string): Uint8Array {
  const bytes = folder.get(name)
  if (!bytes) throw fail('file-missing', { expected: name })
  return bytes
}

function checked(config: ModelConfig, found: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> {
  const shapes = tensorShapes(config)
  const tensors = new Map<string, Tensor>()
  for (const [name, shape] of shapes) {
    const tensor = found.get(name)
    if (!tensor) throw fail('tensor-missing', { expected: name })
    if (String(tensor.shape) !== String(shape))
      throw fail('tensor-shape', { expected: shape, actual: tensor.shape, meta: { tensor: name } })
    tensors.set(name, tensor)
  }
  for (const name of found.keys()) {
    const redundant = DERIVED.test(name) || (config.tiedHead && name === 'lm_head.weight')
    if (!shapes.has(name) && !redundant) throw fail('tensor-unexpected', { actual: name.slice(0, 200) })
  }
  return tensors
}

function readWeights(folder: Folder): ReadonlyMap<string, Tensor> {
  const index = folder.get('model.safetensors.index.json')
  if (!index) return readSafetensors(fileOf(folder, 'model.safetensors'))
  const shards = new Set(Object.values(weightMap(index)))
  const tensors = new Map<string, Tensor>()
  for (const shard of [...shards].sort())
    for (const [name, tensor] of readSafetensors(fileOf(folder, shard))) tensors.set(name, tensor)
  return tensors
}

function weightMap(index: Uint8Array): Readonly<Record<string, string>> {
  try {
    const { weight_map: map } = JSON.parse(fromUtf8(index)) as { weight_map?: unknown }
    if (typeof map === 'object' && map !== null && Object.values(map).every((v) => typeof v === 'string'))
      return map as Readonly<Record<string, string>>
  } catch (cause) {
    throw fail('file-missing', { expected: 'a readable model.safetensors.index.json', cause })
  }
  throw fail('file-missing', { expected: 'weight_map in model.safetensors.index.json' })
}
