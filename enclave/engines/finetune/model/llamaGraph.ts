import { type ModelConfig, ropeFrequencies, tensorShapes } from '@allod/models'
import { type AttentionShape, attention } from '../graph/attention.ts'
import { crossEntropy } from '../graph/crossEntropy.ts'
import { add, gatherFrozen, multiply, pickRows, reshape, swiglu } from '../graph/elementwise.ts'
import { backward, type Graph, initialiser, input, modelBytes, newGraph, output, type Value } from '../graph/Graph.ts'
import { linear, lowRank, product } from '../graph/linear.ts'
import { rmsNorm } from '../graph/rmsNorm.ts'
import { type RopeTables, rope, ropeTables } from '../graph/rope.ts'

/** What a run is for: the loss alone, the loss with gradients, or logits. */
export type Purpose = 'train' | 'evaluate' | 'infer'

/** LoRA's shape: which linears get a pair, how wide, and how strongly it counts (alpha / rank). */
export type LoraShape = {
  readonly rank: number
  readonly factor: number
  readonly targets: readonly string[]
  /** Share of a pair's inputs that training leaves out at random. */
  readonly dropout: number
}

export type LlamaGraphOptions = {
  readonly config: ModelConfig
  readonly purpose: Purpose
  readonly batch: number
  readonly length: number
  /** null trains every tensor. */
  readonly lora: LoraShape | null
  /** Tensors that never change: handed over once, when the graph is opened. All others are inputs of every run. */
  readonly frozen: ReadonlyMap<string, Float32Array>
}

/** A built graph: the model's bytes and the names by which to feed and fetch. */
export type LlamaGraph = {
  readonly bytes: Uint8Array
  /** Weights to feed, name → shape. */
  readonly weights: ReadonlyMap<string, readonly number[]>
  /** Dropout masks to feed: 0, or 1 / (1 − dropout). */
  readonly masks: ReadonlyMap<string, readonly number[]>
  /** Trainable weight → the output that holds its gradient. */
  readonly gradients: ReadonlyMap<string, string>
  /** The gradient of the embedded tokens, to be scattered into the embedding's; null unless that is trained. */
  readonly embeddingGradient: string | null
  readonly outputs: { readonly loss?: string; readonly logLikelihoods?: string; readonly logits?: string }
}

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
    masks: purpose === 'train' && options.lora && options.lora.dropout > 0 ? new Map() : null,
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
      masks: new Map(),
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
    masks: context.masks ?? new Map(),
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
  /** Gathers the masks declared; null where nothing is dropped. */
  readonly masks: Map<string, readonly number[]> | null
  readonly positions: Value
  readonly mask: Value
  readonly tables: RopeTables
}

function layer(g: Graph, x: Value, name: string, c: LayerContext): Value {
  const { batch, length, heads, kvHeads, headSize } = c.shape
  const norm = (v: Value, which: string): Value =>
    rmsNorm(g, v, c.weight(`${name}.${which}.weight`), c.config.normEpsilon)
  const rows = (v: Value, n: number): Value => reshape(g, v, [batch, length, n * headSize])
  const [query, key, value] = projections(
    g,
    norm(x, 'input_layernorm'),
    `${name}.self_attn`,
    ['q_proj', 'k_proj', 'v_proj'],
    c,
  )
  const q = rope(g, rows(query as Value, heads), c.positions, c.tables)
  const k = rope(g, rows(key as Value, kvHeads), c.positions, c.tables)
  const v = rows(value as Value, kvHeads)
  const attended = reshape(g, attention(g, q, k, v, c.mask, c.shape), [batch * length, heads * headSize])
  const x2 = add(g, x, projections(g, attended, `${name}.self_attn`, ['o_proj'], c)[0] as Value)
  const [gate, up] = projections(g, norm(x2, 'post_attention_layernorm'), `${name}.mlp`, ['gate_proj', 'up_proj'], c)
  const gated = swiglu(g, gate as Value, up as Value)
  return add(g, x2, projections(g, gated, `${name}.mlp`, ['down_proj'], c)[0] as Value)
}

/** The linears that read one input; their LoRA pairs share its dropout mask. */
function projections(g: Graph, x: Value, name: string, names: readonly string[], c: LayerContext): readonly Value[] {
  const targets = names.filter((n) => c.lora?.targets.includes(n))
  const dropped =
    c.masks && targets.length > 0 ? multiply(g, x, dropoutMask(g, `${name}.${targets[0]}`, x, c.masks)) : x
  return names.map((n) => {
    const full = `${name}.${n}`
    const bias = c.config.qkvBias && /^[qkv]_proj$/.test(n) ? c.weight(`${full}.bias`) : undefined
    const y = linear(g, x, c.weight(`${full}.weight`), bias)
    if (!c.lora || !targets.includes(n)) return y
    const [down, up] = [c.weight(`${full}.lora_A.weight`), c.weight(`${full}.lora_B.weight`)]
    return lowRank(g, y, dropped, down, up, c.lora.factor)
  })
}

function dropoutMask(g: Graph, name: string, x: Value, masks: Map<string, readonly number[]>): Value {
  const dims = x.dims as readonly number[]
  masks.set(`${name}.mask`, dims)
  return input(g, `${name}.mask`, 'float32', dims)
}

function declareWeights(
  g: Graph,
  { config, purpose, lora, frozen }: LlamaGraphOptions,
  weights: Map<string, readonly number[]>,
): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>()
  const declare = (name: string, dims: readonly number[], tracked: boolean): void => {
    if (frozen.has(name)) values.set(name, initialiser(g, name, dims))
    else {
      values.set(name, input(g, name, 'float32', dims, tracked))
      weights.set(name, dims)
    }
  }
  for (const [name, dims] of tensorShapes(config)) declare(name, dims, purpose === 'train' && lora === null)
  if (lora) for (const [name, dims] of loraShapes(config, lora)) declare(name, dims, purpose === 'train')
  return values
}
