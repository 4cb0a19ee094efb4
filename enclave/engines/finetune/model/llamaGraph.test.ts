import { openModelFolder } from '@allod/models'
import { tinyModelFolder } from '@allod/models/testing'
import { describe, expect, it } from 'vitest'
import { type Random, seeded } from '../random.ts'
import { openSession, type Tensor } from '../session.ts'
import { layOut } from '../train/batch.ts'
import { singlePrecision } from '../train/trainer.ts'
import { type LlamaGraph, type LoraShape, llamaGraph, loraShapes } from './llamaGraph.ts'

const SMALL = { vocab_size: 264, hidden_size: 16, intermediate_size: 12, head_dim: 4, max_position_embeddings: 8 }
const LORA: LoraShape = {
  rank: 2,
  factor: 1.5,
  targets: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
  dropout: 0,
}
const [STEP, TOLERANCE] = [1 / 128, 1e-2]
/** Numbers looked at in each tensor: the steepest, and as many at random, so that a gradient that is missing shows. */
const LOOKED_AT = 16

const batch = layOut(
  [
    [{ ids: [5, 9, 200, 7], counts: [false, true, true, true] }],
    [
      { ids: [3, 8], counts: [false, true] },
      { ids: [11, 12, 5], counts: [false, false, true] },
    ],
  ],
  2,
  5,
)

/** Every gradient of a graph, the embedding's gathered from the tokens that were looked up. */
async function gradientsOf(
  graph: LlamaGraph,
  feeds: ReadonlyMap<string, Tensor>,
  frozen: ReadonlyMap<string, Float32Array>,
) {
  const session = await openSession(graph.bytes, 1, frozen)
  const loss = graph.outputs.loss as string
  const outputs = [loss, ...graph.gradients.values(), ...(graph.embeddingGradient ? [graph.embeddingGradient] : [])]
  const results = await session.run(feeds, outputs)
  const gradients = new Map(
    [...graph.gradients].map(([name, out]) => [name, Float32Array.from(results.get(out) ?? [])]),
  )
  if (graph.embeddingGradient) {
    const name = 'model.embed_tokens.weight'
    const width = feeds.get(name)?.dims[1] as number
    const sum = gradients.get(name) ?? new Float32Array(feeds.get(name)?.data.length ?? 0)
    const rows = results.get(graph.embeddingGradient) as Float32Array
    for (const [i, id] of batch.ids.entries())
      for (let j = 0; j < width; j++)
        sum[id * width + j] = (sum[id * width + j] as number) + (rows[i * width + j] as number)
    gradients.set(name, sum)
  }
  const lossAt = async (): Promise<number> => (await session.run(feeds, [loss])).get(loss)?.[0] as number
  return { gradients, lossAt, close: session.close }
}

/** How far any gradient is from central differences, relative to its length. */
async function worstError(config: Readonly<Record<string, unknown>>, lora: LoraShape | null): Promise<number> {
  const model = openModelFolder(tinyModelFolder({ config: { ...SMALL, ...config } }))
  const random = seeded(4)
  const weights = singlePrecision(model)
  const graph = llamaGraph({
    config: model.config,
    purpose: 'train',
    batch: 2,
    length: 5,
    lora,
    frozen: lora ? weights : new Map(),
  })
  const feeds = new Map<string, Tensor>([
    ...batch.feeds,
    ['weight', { data: Float32Array.of(1 / batch.counted), dims: [] }],
  ])
  for (const [name, dims] of graph.weights) {
    const size = dims.reduce((a, b) => a * b, 1)
    feeds.set(name, {
      data: weights.get(name) ?? Float32Array.from({ length: size }, () => 0.2 * random.normal()),
      dims,
    })
  }
  for (const [name, dims] of graph.masks) {
    const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => (random.next() < 0.5 ? 0 : 2))
    feeds.set(name, { data, dims })
  }
  const { gradients, lossAt, close } = await gradientsOf(graph, feeds, lora ? weights : new Map())
  let worst = 0
  for (const [name, gradient] of gradients) {
    const data = feeds.get(name)?.data as Float32Array
    let [off, size] = [0, 1e-12]
    const places = sampled(random, gradient)
    for (const i of places) {
      const held = data[i] as number
      data[i] = held + STEP
      const above = await lossAt()
      data[i] = held - STEP
      const below = await lossAt()
      data[i] = held
      const numeric = (above - below) / (2 * STEP)
      off += (numeric - (gradient[i] as number)) ** 2
      size += numeric ** 2
    }
    worst = Math.max(worst, Math.sqrt(off / size))
  }
  await close()
  expect(gradients.size).toBe(lora ? loraShapes(model.config, lora).size : model.tensors.size)
  return worst
}

function sampled(random: Random, gradient: Float32Array): Set<number> {
  const steepest = [...gradient.keys()].sort((a, b) => Math.abs(gradient[b] ?? 0) - Math.abs(gradient[a] ?? 0))
  const others = Array.from({ length: LOOKED_AT }, () => random.below(gradient.length))
  return new Set([...steepest.slice(0, LOOKED_AT), ...others])
}

describe('every trainable tensor’s gradient agrees with finite differences', () => {
  it('in a Llama with grouped heads and a tied head', async () => {
    expect(await worstError({}, null)).toBeLessThan(TOLERANCE)
  })

  it('in a Qwen2 with biases and a head of its own', async () => {
    const config = { architectures: ['Qwen2ForCausalLM'], tie_word_embeddings: false }
    expect(await worstError(config, null)).toBeLessThan(TOLERANCE)
  })

  it('in LoRA pairs on every linear', async () => {
    expect(await worstError({}, LORA)).toBeLessThan(TOLERANCE)
  })

  it('in LoRA pairs with dropout, on a Qwen2', async () => {
    expect(await worstError({ architectures: ['Qwen2ForCausalLM'] }, { ...LORA, dropout: 0.5 })).toBeLessThan(TOLERANCE)
  })
})
