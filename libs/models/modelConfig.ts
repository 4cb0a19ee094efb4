import { errorsOf, fromUtf8 } from '@allod/protocol'

/** How positions beyond the trained length are squeezed in. */
export type RopeScaling =
  | { readonly kind: 'none' }
  | { readonly kind: 'linear'; readonly factor: number }
  | {
      readonly kind: 'llama3'
      readonly factor: number
      readonly lowFrequencyFactor: number
      readonly highFrequencyFactor: number
      readonly originalPositions: number
    }

/** What `config.json` says, for the architectures this project computes itself. */
export type ModelConfig = {
  readonly architecture: 'llama' | 'qwen2'
  readonly vocabularySize: number
  readonly hiddenSize: number
  readonly intermediateSize: number
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number
  readonly headSize: number
  readonly normEpsilon: number
  readonly positions: number
  readonly ropeTheta: number
  readonly ropeScaling: RopeScaling
  /** The output head is the embedding itself. */
  readonly tiedHead: boolean
  /** Queries, keys and values have a bias, as in Qwen2. */
  readonly qkvBias: boolean
  readonly bosToken: number | null
  readonly eosTokens: readonly number[]
}

const fail = errorsOf('models', {
  'bad-config': ['config.json of a model is malformed', 'download the model folder again'],
  'unsupported-architecture': [
    'the model has an architecture or a feature this engine does not compute',
    'use a Llama, SmolLM2, Qwen2 or Qwen2.5 model, or an engine image that supports it',
  ],
})

const ARCHITECTURES = { LlamaForCausalLM: 'llama', Qwen2ForCausalLM: 'qwen2' } as const

/**
 * Parses `config.json`.
 * @throws models/bad-config, models/unsupported-architecture (naming the feature)
 */
export function parseModelConfig(bytes: Uint8Array): ModelConfig {
  const raw = parseObject(bytes)
  const architecture = architectureOf(raw)
  refuseFeatures(raw)
  const hiddenSize = count(raw, 'hidden_size', 65_536)
  const heads = count(raw, 'num_attention_heads', 1024)
  const kvHeads = raw.num_key_value_heads == null ? heads : count(raw, 'num_key_value_heads', 1024)
  const headSize = raw.head_dim == null ? hiddenSize / heads : count(raw, 'head_dim', 1024)
  if (!Number.isInteger(headSize) || headSize % 2 !== 0 || heads % kvHeads !== 0)
    throw fail('bad-config', { meta: { hiddenSize, heads, kvHeads, headSize } })
  return {
    architecture,
    vocabularySize: count(raw, 'vocab_size', 1 << 20),
    hiddenSize,
    intermediateSize: count(raw, 'intermediate_size', 1 << 18),
    layers: count(raw, 'num_hidden_layers', 512),
    heads,
    kvHeads,
    headSize,
    normEpsilon: positive(raw, 'rms_norm_eps', 1e-6),
    positions: count(raw, 'max_position_embeddings', 1 << 24),
    ropeTheta: positive(ropeParameters(raw), 'rope_theta', 10_000),
    ropeScaling: ropeScaling(raw),
    tiedHead: raw.tie_word_embeddings === true,
    qkvBias: architecture === 'qwen2',
    bosToken: typeof raw.bos_token_id === 'number' ? raw.bos_token_id : null,
    eosTokens: tokenList(raw.eos_token_id),
  }
}

/** Name and shape of every tensor the folder must hold, in the order a forward pass meets them. */
export function tensorShapes(config: ModelConfig): ReadonlyMap<string, readonly number[]> {
  const { hiddenSize: d, intermediateSize: ff, heads, kvHeads, headSize } = config
  const shapes = new Map<string, readonly number[]>([['model.embed_tokens.weight', [config.vocabularySize, d]]])
  for (let i = 0; i < config.layers; i++) {
    const layer = `model.layers.${i}`
    shapes.set(`${layer}.input_layernorm.weight`, [d])
    for (const [name, width] of [
      ['q', heads],
      ['k', kvHeads],
      ['v', kvHeads],
    ] as const) {
      shapes.set(`${layer}.self_attn.${name}_proj.weight`, [width * headSize, d])
      if (config.qkvBias) shapes.set(`${layer}.self_attn.${name}_proj.bias`, [width * headSize])
    }
    shapes.set(`${layer}.self_attn.o_proj.weight`, [d, heads * headSize])
    shapes.set(`${layer}.post_attention_layernorm.weight`, [d])
    shapes.set(`${layer}.mlp.gate_proj.weight`, [ff, d])
    shapes.set(`${layer}.mlp.up_proj.weight`, [ff, d])
    shapes.set(`${layer}.mlp.down_proj.weight`, [d, ff])
  }
  shapes.set('model.norm.weight', [d])
  if (!config.tiedHead) shapes.set('lm_head.weight', [config.vocabularySize, d])
  return shapes
}

/** Rotary frequencies, radians per position, one for each pair of a head's numbers, after scaling. */
export function ropeFrequencies(config: ModelConfig): readonly number[] {
  const plain = Array.from({ length: config.headSize / 2 }, (_, j) => config.ropeTheta ** ((-2 * j) / config.headSize))
  const scaling = config.ropeScaling
  if (scaling.kind === 'none') return plain
  if (scaling.kind === 'linear') return plain.map((f) => f / scaling.factor)
  // Llama 3: long waves are stretched, short ones kept, those between blended.
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalPositions } = scaling
  return plain.map((f) => {
    const turns = (originalPositions * f) / (2 * Math.PI)
    if (turns < low) return f / factor
    if (turns > high) return f
    const blend = (turns - low) / (high - low)
    return (1 - blend) * (f / factor) + blend * f
  })
}

function architectureOf(raw: Raw): 'llama' | 'qwen2' {
  const names = raw.architectures
  const name = Array.isArray(names) && names.length === 1 ? String(names[0]) : ''
  if (!Object.hasOwn(ARCHITECTURES, name))
    throw fail('unsupported-architecture', {
      expected: Object.keys(ARCHITECTURES),
      actual: name.slice(0, 80) || raw.model_type,
    })
  return ARCHITECTURES[name as keyof typeof ARCHITECTURES]
}

function refuseFeatures(raw: Raw): void {
  const refuse = (feature: string, actual: unknown): never => {
    throw fail('unsupported-architecture', { actual: `${feature}: ${JSON.stringify(actual)}`.slice(0, 200) })
  }
  const act = raw.hidden_act
  if (act !== undefined && act !== 'silu') refuse('hidden_act', act)
  for (const key of ['attention_bias', 'mlp_bias', 'use_sliding_window', 'auto_map', 'quantization_config'])
    if (raw[key] !== undefined && raw[key] !== null && raw[key] !== false) refuse(key, raw[key])
}

const ropeParameters = (raw: Raw): Raw => {
  const newer = raw.rope_parameters
  return typeof newer === 'object' && newer !== null ? { ...raw, ...(newer as Raw) } : raw
}

function ropeScaling(raw: Raw): RopeScaling {
  const given = (raw.rope_scaling ?? raw.rope_parameters) as Raw | null | undefined
  if (given === null || given === undefined) return { kind: 'none' }
  const kind = given.rope_type ?? given.type ?? 'default'
  if (kind === 'default') return { kind: 'none' }
  if (kind === 'linear') return { kind: 'linear', factor: positive(given, 'factor') }
  if (kind !== 'llama3')
    throw fail('unsupported-architecture', { actual: `rope_scaling: ${String(kind).slice(0, 40)}` })
  return {
    kind: 'llama3',
    factor: positive(given, 'factor'),
    lowFrequencyFactor: positive(given, 'low_freq_factor'),
    highFrequencyFactor: positive(given, 'high_freq_factor'),
    originalPositions: positive(given, 'original_max_position_embeddings'),
  }
}

type Raw = { readonly [name: string]: unknown }

function parseObject(bytes: Uint8Array): Raw {
  if (bytes.length > 1 << 20) throw fail('bad-config', { expected: 'at most 1 MiB', actual: bytes.length })
  let value: unknown
  try {
    value = JSON.parse(fromUtf8(bytes))
  } catch (cause) {
    throw fail('bad-config', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw fail('bad-config', { expected: 'object' })
  return value as Raw
}

function count(raw: Raw, key: string, max: number): number {
  const value = raw[key]
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > max)
    throw fail('bad-config', { expected: `${key} in 1..${max}`, actual: value })
  return value
}

function positive(raw: Raw, key: string, otherwise?: number): number {
  const value = raw[key] ?? otherwise
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0)
    throw fail('bad-config', { expected: `${key} above 0`, actual: value })
  return value
}

function tokenList(value: unknown): readonly number[] {
  const all = Array.isArray(value) ? value : value == null ? [] : [value]
  if (all.length > 16 || !all.every((t) => Number.isSafeInteger(t) && t >= 0))
    throw fail('bad-config', { expected: 'eos_token_id', actual: value })
  return all as readonly number[]
}
