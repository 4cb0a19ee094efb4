import { type ModelConfig, tensorShapes } from '@allod/models'
import { type LoraShape, llamaGraph } from './model/llamaGraph.ts'
import { openSession, type Tensor } from './session.ts'
import type { Slot } from './train/adamw.ts'
import { layOut } from './train/batch.ts'

export type DecodeOptions = {
  readonly config: ModelConfig
  readonly weights: ReadonlyMap<string, Float32Array>
  /** LoRA pairs on top of the weights, with their shape. */
  readonly lora: { readonly shape: LoraShape; readonly slots: readonly Slot[] } | null
  readonly maxTokens: number
  readonly threads: number
}

const ROWS = 16

/** The likeliest continuation of each prompt, token by token, until the model ends its turn. */
export async function greedyDecode(
  prompts: readonly (readonly number[])[],
  options: DecodeOptions,
): Promise<number[][]> {
  const { config, weights, lora, maxTokens } = options
  const longest = prompts.reduce((max, p) => Math.max(max, p.length), 1)
  const length = Math.min(config.positions, Math.ceil((longest + maxTokens) / 16) * 16)
  const graph = llamaGraph({
    config,
    purpose: 'infer',
    batch: ROWS,
    length,
    lora: lora?.shape ?? null,
    frozen: new Map(),
  })
  const session = await openSession(graph.bytes, options.threads)
  const fed = new Map<string, Tensor>()
  for (const [name, dims] of tensorShapes(config)) fed.set(name, { data: weights.get(name) as Float32Array, dims })
  for (const s of lora?.slots ?? []) fed.set(s.name, { data: s.value, dims: s.dims })

  const answers: number[][] = []
  const logitsOf = async (texts: readonly (readonly number[])[]): Promise<Float32Array> => {
    // Counting the token after the last one makes its place the only row of logits.
    const rows = texts.map((ids) => [{ ids, counts: [] }])
    const { feeds } = layOut(rows, ROWS, length)
    const places = BigInt64Array.from(texts, (ids, i) => BigInt(i * length + ids.length - 1))
    const inputs = new Map<string, Tensor>([...fed, ...feeds, ['rows', { data: places, dims: [texts.length] }]])
    inputs.delete('labels')
    const results = await session.run(inputs, [graph.outputs.logits as string])
    return results.get(graph.outputs.logits as string) as Float32Array
  }
  for (let at = 0; at < prompts.length; at += ROWS)
    answers.push(...(await continued(prompts.slice(at, at + ROWS), { config, maxTokens, length, logitsOf })))
  await session.close()
  return answers
}

type Continuation = {
  readonly config: ModelConfig
  readonly maxTokens: number
  readonly length: number
  readonly logitsOf: (texts: readonly (readonly number[])[]) => Promise<Float32Array>
}

async function continued(prompts: readonly (readonly number[])[], c: Continuation): Promise<number[][]> {
  const { eosTokens, vocabularySize } = c.config
  const texts = prompts.map((p) => [...p].slice(-c.length + 1))
  const answers = prompts.map((): number[] => [])
  let open = prompts.map((_, i) => i)
  for (let n = 0; n < c.maxTokens && open.length > 0; n++) {
    const logits = await c.logitsOf(open.map((i) => texts[i] as number[]))
    open = open.filter((i, row) => {
      const token = argmax(logits.subarray(row * vocabularySize, (row + 1) * vocabularySize))
      if (eosTokens.includes(token)) return false
      answers[i]?.push(token)
      texts[i]?.push(token)
      return (texts[i] as number[]).length < c.length
    })
  }
  return answers
}

function argmax(numbers: Float32Array): number {
  let best = 0
  for (let i = 1; i < numbers.length; i++) if ((numbers[i] as number) > (numbers[best] as number)) best = i
  return best
}
