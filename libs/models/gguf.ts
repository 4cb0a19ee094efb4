import { concat } from '@allod/protocol'
import type { Folder } from './folder.ts'
import { type GgufTensor, type GgufType, type GgufValue, ggufFile } from './ggufFile.ts'
import { ggufTokenizer } from './ggufTokenizer.ts'
import { type ModelConfig, ropeFrequencies } from './modelConfig.ts'
import { openModelFolder } from './modelFolder.ts'
import { parseAdapter } from './peft.ts'
import { Q8_BLOCK, toQ8 } from './q8.ts'
import { type Tensor, tensorOf, toFloat32 } from './safetensors.ts'

/**
 * A model folder as a GGUF file for llama.cpp, piece by piece: write them one after the other. Matrices are stored as
 * `type` (F16 unless told; Q8_0 halves that and F16 stands in where a row is not whole blocks), vectors as F32.
 * @throws what `openModelFolder` throws; models/unsupported-tokenizer
 */
export function* ggufFromFolder(folder: Folder, type: GgufType = 'F16'): Generator<Uint8Array> {
  const { config, tensors } = openModelFolder(folder)
  const metadata = new Map<string, GgufValue>([...modelMetadata(config, type), ...ggufTokenizer(folder, config)])
  yield* ggufFile(metadata, [
    ...extraTensors(config),
    ...[...tensors].map(([name, tensor]): GgufTensor => {
      const { shape } = tensor
      const storedAs = storedType(shape, type)
      return {
        name: ggufName(name),
        shape,
        type: storedAs,
        bytes: () => stored(interleaved(name, tensor, config), shape, storedAs),
      }
    }),
  ])
}

/**
 * A PEFT LoRA folder as a GGUF adapter for llama.cpp.
 * @throws models/bad-adapter, models/unsupported-adapter, models/bad-safetensors
 */
export function ggufAdapterFromPeft(adapter: Folder, base: ModelConfig): Uint8Array {
  const { alpha, pairs } = parseAdapter(adapter, base)
  const metadata = new Map<string, GgufValue>([
    ['general.type', { kind: 'text', value: 'adapter' }],
    ['general.architecture', { kind: 'text', value: base.architecture }],
    ['adapter.type', { kind: 'text', value: 'lora' }],
    ['adapter.lora.alpha', { kind: 'f32', value: alpha }],
  ])
  const tensors = pairs.flatMap(({ linear, down, up }): GgufTensor[] => {
    const name = ggufName(`${linear}.weight`)
    return [
      {
        name: `${name}.lora_a`,
        shape: down.shape,
        type: 'F32',
        bytes: () => stored(toFloat32(down), down.shape, 'F32'),
      },
      {
        name: `${name}.lora_b`,
        shape: up.shape,
        type: 'F32',
        bytes: () => stored(interleaved(`${linear}.weight`, up, base), up.shape, 'F32'),
      },
    ]
  })
  return concat(...ggufFile(metadata, tensors))
}

const FILE_TYPES = { F32: 0, F16: 1, Q8_0: 7 } as const

function modelMetadata(config: ModelConfig, type: GgufType): [string, GgufValue][] {
  const arch = config.architecture
  const u32 = (key: string, value: number): [string, GgufValue] => [`${arch}.${key}`, { kind: 'u32', value }]
  const f32 = (key: string, value: number): [string, GgufValue] => [`${arch}.${key}`, { kind: 'f32', value }]
  const scaling = config.ropeScaling
  return [
    ['general.architecture', { kind: 'text', value: arch }],
    ['general.file_type', { kind: 'u32', value: FILE_TYPES[type] }],
    u32('vocab_size', config.vocabularySize),
    u32('context_length', config.positions),
    u32('embedding_length', config.hiddenSize),
    u32('block_count', config.layers),
    u32('feed_forward_length', config.intermediateSize),
    u32('attention.head_count', config.heads),
    u32('attention.head_count_kv', config.kvHeads),
    u32('attention.key_length', config.headSize),
    u32('attention.value_length', config.headSize),
    u32('rope.dimension_count', config.headSize),
    f32('attention.layer_norm_rms_epsilon', config.normEpsilon),
    f32('rope.freq_base', config.ropeTheta),
    ...(scaling.kind === 'linear'
      ? [
          [`${arch}.rope.scaling.type`, { kind: 'text', value: 'linear' }] as [string, GgufValue],
          f32('rope.scaling.factor', scaling.factor),
        ]
      : []),
  ]
}

/** Llama 3's scaling travels as one divisor per frequency. */
function extraTensors(config: ModelConfig): GgufTensor[] {
  if (config.ropeScaling.kind !== 'llama3') return []
  const plain = ropeFrequencies({ ...config, ropeScaling: { kind: 'none' } })
  const divisors = Float32Array.from(ropeFrequencies(config), (f, i) => (plain[i] as number) / f)
  const shape = [divisors.length]
  return [{ name: 'rope_freqs.weight', shape, type: 'F32', bytes: () => stored(divisors, shape, 'F32') }]
}

const PARTS: Readonly<Record<string, string>> = {
  input_layernorm: 'attn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  post_attention_layernorm: 'ffn_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
}

function ggufName(name: string): string {
  const inLayer = /^model\.layers\.(\d+)\.(.+)\.(weight|bias)$/.exec(name)
  if (inLayer) return `blk.${inLayer[1]}.${PARTS[inLayer[2] as string]}.${inLayer[3]}`
  if (name === 'model.embed_tokens.weight') return 'token_embd.weight'
  return name === 'model.norm.weight' ? 'output_norm.weight' : 'output.weight'
}

/**
 * llama.cpp rotates neighbouring pairs where its `llama` architecture is concerned, Hugging Face the two halves of a
 * head; so the rows of its q and k are interleaved. Its `qwen2` rotates halves too.
 */
function interleaved(name: string, tensor: Tensor, config: ModelConfig): Float32Array {
  const numbers = toFloat32(tensor)
  if (config.architecture !== 'llama' || !/\.[qk]_proj\./.test(name)) return numbers
  const width = tensor.shape.length === 1 ? 1 : (tensor.shape[1] as number)
  const out = new Float32Array(numbers.length)
  const half = config.headSize / 2
  for (let row = 0; row < (tensor.shape[0] as number); row++) {
    const within = row % config.headSize
    const to = row - within + 2 * (within % half) + Math.floor(within / half)
    out.set(numbers.subarray(row * width, (row + 1) * width), to * width)
  }
  return out
}

function storedType(shape: readonly number[], type: GgufType): GgufType {
  if (shape.length === 1) return 'F32'
  return type === 'Q8_0' && (shape[1] as number) % Q8_BLOCK !== 0 ? 'F16' : type
}

const stored = (numbers: Float32Array, shape: readonly number[], type: GgufType): Uint8Array =>
  type === 'Q8_0' ? toQ8(numbers) : tensorOf(numbers, shape, type).bytes
