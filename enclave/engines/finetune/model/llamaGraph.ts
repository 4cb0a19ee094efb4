import { type ModelConfig, ropeFrequencies, tensorShapes } from '@allod/models'
import { type AttentionShape, attention } from '../graph/attention.ts'
import { crossEntropy } from '../graph/crossEntropy.ts'
import { add, gatherFrozen, pickRows, reshape, swiglu } from '../graph/elementwise.ts'
import { backward, type Graph, initialiser, input, modelBytes, newGraph, output, type Value } from '../graph/Graph.ts'
import { linear, lowRank, product } from '../graph/linear.ts'
import { rmsNorm } from '../graph/rmsNorm.ts'
import { type RopeTables, rope, ropeTables } from '../graph/rope.ts'

/** What a run is for: the loss alone, the loss with gradients, or logits. */
export type Purpose = 'train' | 'evaluate' | 'infer'

/** LoRA's shape: which linears get a pair, how wide, and how strongly it counts (alpha / rank). */
export type LoraShape = { readonly rank: number; readonly factor: number; readonly targets: readonly string[] }

export type LlamaGraphOptions = {
  readonly config: ModelConfig
  readonly purpose: Purpose
  readonly batch: number
  readonly length: number
  /** null trains every tensor. */
  readonly lora: LoraShape | null
  /** Tensors that never change, baked in so that the executor packs them once; all others are inputs. */
  readonly frozen: ReadonlyMap<string, Float32Array>
}

/** A built graph: the model's bytes and the names by which to feed and fetch. */
export type LlamaGraph = {
  readonly bytes: Uint8Array
  /** Weights to feed, name → shape. */
  readonly weights: ReadonlyMap<string, readonly number[]>
  /** Trainable weight → the output that holds its gradient. */
  readonly gradients: ReadonlyMap<string, string>
  /** The gradient of the embedded tokens, to be scattered into the embedding's; null unless that is trained. */
  readonly embeddingGradient: string | null
  readonly outputs: { readonly loss?: string; readonly logLikelihoods?: string; readonly logits?: string }
}

const LINEARS = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const

/** The linears LoRA may attach to. */
export const LORA_TARGETS: readonly string[] = LINEARS

/** Shapes of the LoRA pairs, by PEFT's name without its prefix: `….q_proj.lora_A.weight` [rank, in], B [out, rank]. */
export function loraShapes(config: ModelConfig, lora: LoraShape): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>()
  for (const [name, dims] of tensorShapes(config)) {
    const linearName = name.replace(/\.weight$/, '')
    if (dims.length !== 2 || !lora.targets.includes(linearName.split('.').at(-1) ?? '')) continue
    shapes.set(`${linearName}.lora_A.weight`, [lora.rank, dims[1] as number])
    shapes.set(`${linearName}.lora_B.weight`, [dims[0] as number, lora.rank])
  }
  return shapes
}

/**
 * Builds one ONNX model for a Llama-shaped network: forward, and for `train` loss and gradients too. Inputs beside the
 * weights: `ids` and `positions` [batch·length], `mask` [batch, 1, length, length], and `rows` [m]: the places whose
 * next token counts; to train or evaluate also `labels` [m] and `weight` (scalar).
 */
export function llamaGraph(options: LlamaGraphOptions): LlamaGraph {
  const { config, purpose, batch, length } = options
  const g = newGraph()
  const weights = new Map<string, readonly number[]>()
  const values = declareWeights(g, options, weights)
  const weight = (name: string): Value => values.get(name) as Value
  const trainsAll = options.lora === null && purpose === 'train'

  const ids = input(g, 'ids', 'int32', [batch * length])
  const embedding = weight('model.embed_tokens.weight')
  const embedded: Value = { ...gatherFrozen(g, embedding, ids), tracked: trainsAll }
  const context: LayerContext = {
    config,
    shape: { batch, length, heads: config.heads, kvHeads: config.kvHeads, headSize: config.headSize },
    weight,
    lora: options.lora,
    positions: input(g, 'positions', 'int64', [batch, length]),
    mask: input(g, 'mask', 'float32', [batch, 1, length, length]),
    tables: ropeTables(g, ropeFrequencies(config), length),
  }
  let x = embedded
  for (let i = 0; i < config.layers; i++) x = layer(g, x, `model.layers.${i}`, context)

  const rows = input(g, 'rows', 'int64', ['m'])
  const hidden = rmsNorm(g, pickRows(g, x, rows), weight('model.norm.weight'), config.normEpsilon)
  const head = config.tiedHead ? embedding : weight('lm_head.weight')
  if (purpose === 'infer') {
    const logits = output(g, product(g, hidden, head, { transB: true, dims: ['m', config.vocabularySize] }))
    return {
      bytes: modelBytes(g),
      weights,
      gradients: new Map(),
      embeddingGradient: null,
      outputs: { logits: logits.name },
    }
  }
  const labels = input(g, 'labels', 'int64', ['m'])
  const { loss, logLikelihoods } = crossEntropy(g, hidden, head, labels, input(g, 'weight', 'float32', []))
  output(g, loss)
  output(g, logLikelihoods)
  const trainable = purpose === 'train' ? [...values.values()].filter((v) => v.tracked) : []
  // An untied embedding gets its whole gradient from the tokens that were looked up.
  const direct = trainable.filter((v) => v !== embedding || config.tiedHead)
  const found = purpose === 'train' ? backward(g, loss, trainsAll ? [...direct, embedded] : direct) : []
  for (const gradient of found) output(g, gradient)
  return {
    bytes: modelBytes(g),
    weights,
    gradients: new Map(direct.map((v, i) => [v.name, (found[i] as Value).name])),
    embeddingGradient: trainsAll ? (found.at(-1) as Value).name : null,
    outputs: { loss: loss.name, logLikelihoods: logLikelihoods.name },
  }
}

type LayerContext = {
  readonly config: ModelConfig
  readonly shape: AttentionShape
  readonly weight: (name: string) => Value
  readonly lora: LoraShape | null
  readonly positions: Value
  readonly mask: Value
  readonly tables: RopeTables
}

function layer(g: Graph, x: Value, name: string, c: LayerContext): Value {
  const { batch, length, heads, kvHeads, headSize } = c.shape
  const project = (from: Value, linearName: string): Value => {
    const full = `${name}.${linearName}`
    const bias = c.config.qkvBias && /[qkv]_proj$/.test(linearName) ? c.weight(`${full}.bias`) : undefined
    const y = linear(g, from, c.weight(`${full}.weight`), bias)
    if (!c.lora?.targets.includes(linearName.split('.').at(-1) ?? '')) return y
    return lowRank(g, y, from, c.weight(`${full}.lora_A.weight`), c.weight(`${full}.lora_B.weight`), c.lora.factor)
  }
  const h = rmsNorm(g, x, c.weight(`${name}.input_layernorm.weight`), c.config.normEpsilon)
  const rows = (v: Value, n: number): Value => reshape(g, v, [batch, length, n * headSize])
  const q = rope(g, rows(project(h, 'self_attn.q_proj'), heads), c.positions, c.tables)
  const k = rope(g, rows(project(h, 'self_attn.k_proj'), kvHeads), c.positions, c.tables)
  const v = rows(project(h, 'self_attn.v_proj'), kvHeads)
  const attended = reshape(g, attention(g, q, k, v, c.mask, c.shape), [batch * length, heads * headSize])
  const x2 = add(g, x, project(attended, 'self_attn.o_proj'))
  const h2 = rmsNorm(g, x2, c.weight(`${name}.post_attention_layernorm.weight`), c.config.normEpsilon)
  const gated = swiglu(g, project(h2, 'mlp.gate_proj'), project(h2, 'mlp.up_proj'))
  return add(g, x2, project(gated, 'mlp.down_proj'))
}

function declareWeights(
  g: Graph,
  { config, purpose, lora, frozen }: LlamaGraphOptions,
  weights: Map<string, readonly number[]>,
): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>()
  const declare = (name: string, dims: readonly number[], tracked: boolean): void => {
    const data = frozen.get(name)
    if (data) values.set(name, initialiser(g, name, dims, data))
    else {
      values.set(name, input(g, name, 'float32', dims, tracked))
      weights.set(name, dims)
    }
  }
  for (const [name, dims] of tensorShapes(config)) declare(name, dims, purpose === 'train' && lora === null)
  if (lora) for (const [name, dims] of loraShapes(config, lora)) declare(name, dims, purpose === 'train')
  return values
}
