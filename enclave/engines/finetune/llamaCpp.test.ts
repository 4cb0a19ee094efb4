import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nextLogProbabilities } from '@allod/engine-serve/testing'
import { type Folder, ggufAdapterFromPeft, ggufFromFolder, openModelFolder, peftFolder, tensorOf } from '@allod/models'
import { tinyModelFolder } from '@allod/models/testing'
import { concat } from '@allod/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import { type LoraShape, llamaGraph, loraShapes } from './model/llamaGraph.ts'
import { seeded } from './random.ts'
import { openSession, type Tensor } from './session.ts'
import { type Slot, slot } from './train/adamw.ts'
import { layOut } from './train/batch.ts'
import { singlePrecision } from './train/trainer.ts'

const IDS = [7, 44, 101, 3, 250, 9, 9, 61, 130, 77, 18, 200]
/** llama.cpp keeps keys and values, and its running sums, in other precisions and orders than we do. */
const TOLERANCE = 0.01

const folder = mkdtempSync(join(tmpdir(), 'llama-cpp-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What llama.cpp expects after `IDS`: log-probabilities by token. */
function theirs(model: Folder, adapter: Uint8Array | null): Promise<number[]> {
  const files = { base: join(folder, 'model.gguf'), adapter: adapter && join(folder, 'adapter.gguf') }
  writeFileSync(files.base, concat(...ggufFromFolder(model, 'F32')))
  if (adapter && files.adapter) writeFileSync(files.adapter, adapter)
  return nextLogProbabilities(files, IDS, openModelFolder(model).config.vocabularySize)
}

/** What our graph expects after `IDS`. */
async function ours(model: Folder, lora: { shape: LoraShape; slots: readonly Slot[] } | null): Promise<number[]> {
  const opened = openModelFolder(model)
  const weights = singlePrecision(opened)
  const graph = llamaGraph({
    config: opened.config,
    purpose: 'infer',
    batch: 1,
    length: 16,
    lora: lora?.shape ?? null,
    frozen: weights,
  })
  const session = await openSession(graph.bytes, 1, weights)
  const feeds = new Map<string, Tensor>(layOut([[{ ids: IDS, counts: [] }]], 1, 16).feeds)
  feeds.delete('labels')
  feeds.set('rows', { data: BigInt64Array.of(BigInt(IDS.length - 1)), dims: [1] })
  for (const s of lora?.slots ?? []) feeds.set(s.name, { data: s.value, dims: s.dims })
  const name = graph.outputs.logits as string
  const logits = [...((await session.run(feeds, [name])).get(name) as Float32Array)]
  await session.close()
  const most = Math.max(...logits)
  const sum = Math.log(logits.reduce((total, x) => total + Math.exp(x - most), 0)) + most
  return logits.map((x) => x - sum)
}

const furthest = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((max, x, i) => Math.max(max, Math.abs(x - (b[i] as number))), 0)

const LLAMA3 = {
  rope_type: 'llama3',
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 64,
}
const SHAPES: readonly (readonly [name: string, config: Readonly<Record<string, unknown>>])[] = [
  ['a Llama with grouped heads and a tied head', {}],
  ['a Llama with a head of its own and wide heads', { tie_word_embeddings: false, head_dim: 16 }],
  ['a Llama under Llama 3 rope scaling', { rope_scaling: LLAMA3 }],
  ['a Llama under linear rope scaling', { rope_scaling: { type: 'linear', factor: 2 } }],
  ['a Qwen2 with biases', { architectures: ['Qwen2ForCausalLM'], rope_theta: 1_000_000 }],
]

describe('llama.cpp agrees with our graph', () => {
  it.each(SHAPES)('about %s', async (_, config) => {
    const model = tinyModelFolder({ config })
    expect(furthest(await ours(model, null), await theirs(model, null))).toBeLessThan(TOLERANCE)
  })

  it.each(SHAPES)('about %s with an adapter', async (_, config) => {
    const model = tinyModelFolder({ config })
    const { config: parsed } = openModelFolder(model)
    const shape: LoraShape = {
      rank: 3,
      factor: 2,
      targets: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
      dropout: 0,
    }
    const random = seeded(8)
    const slots = [...loraShapes(parsed, shape)].map(([name, dims]) => {
      const size = dims.reduce((a, b) => a * b, 1)
      return slot(
        name,
        dims,
        Float32Array.from({ length: size }, () => 0.15 * random.normal()),
      )
    })
    const part = (name: string) => {
      const found = slots.find((s) => s.name === name) as Slot
      return tensorOf(found.value, found.dims)
    }
    const pairs = slots
      .filter((s) => s.name.includes('lora_A'))
      .map(({ name }) => ({
        linear: name.replace('.lora_A.weight', ''),
        down: part(name),
        up: part(name.replace('lora_A', 'lora_B')),
      }))
    const peft = peftFolder({ rank: 3, alpha: 6, pairs }, { baseModel: 'tiny', dropout: 0 })
    const [base, tuned] = [await ours(model, null), await ours(model, { shape, slots })]
    const applied = await theirs(model, ggufAdapterFromPeft(peft, parsed))
    expect(furthest(tuned, applied)).toBeLessThan(TOLERANCE)
    // The adapter matters, so that agreeing is not for nothing.
    expect(furthest(base, tuned)).toBeGreaterThan(10 * TOLERANCE)
  })
})
