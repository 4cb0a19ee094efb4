import {
  input,
  modelBytes,
  newGraph,
  openSession,
  openTrainer,
  output,
  product,
  type Tensor,
  type Value,
} from '@allod/engine-finetune/testing'
import { LORA_TARGETS, type ModelConfig, tensorShapes } from '@allod/models'
import { median, report, wallSeconds } from './measure.ts'

/*
 * Fine-tuning's tokens per second against the machine's GEMM limit: the same matrix products as one step has, and
 * nothing else, on the same threads, in turn with the steps. Run it on a quiet machine.
 */

const CONFIG: ModelConfig = {
  architecture: 'llama',
  vocabularySize: 4096,
  hiddenSize: 384,
  intermediateSize: 1024,
  layers: 6,
  heads: 6,
  kvHeads: 6,
  headSize: 64,
  normEpsilon: 1e-5,
  positions: 128,
  ropeTheta: 10_000,
  ropeScaling: { kind: 'none' },
  tiedHead: true,
  qkvBias: false,
  bosToken: null,
  eosTokens: [0],
}
const [ROWS, LENGTH, RANK] = [8, 128, 8]
const TOKENS = ROWS * LENGTH
const ROUNDS = 7
const threads = Number(process.env.ALLOD_BENCH_THREADS ?? '2')

/** Products of one step as [m, k, n]: forward and towards the input for each matrix, and for full its own gradient. */
function productsOf(method: 'lora' | 'full'): [number, number, number][] {
  const out: [number, number, number][] = []
  for (const [, shape] of tensorShapes(CONFIG)) {
    const [to, from] = shape
    if (to === undefined || from === undefined) continue
    out.push([TOKENS, from, to], [TOKENS, to, from])
    if (method === 'full') out.push([to, TOKENS, from])
  }
  const { heads, headSize, layers } = CONFIG
  // Attention has six products of this size per head, row and layer; one row of all heads at a time is close enough.
  for (let i = 0; i < layers * ROWS * heads * 3; i++) out.push([LENGTH, headSize, LENGTH], [LENGTH, LENGTH, headSize])
  return out
}

/** A graph of these products alone; the matrices of one size are shared. */
async function openProducts(products: readonly (readonly [number, number, number])[]) {
  const g = newGraph()
  const feeds = new Map<string, Tensor>()
  const matrix = (rows: number, columns: number): Value => {
    const name = `${rows}x${columns}`
    if (!feeds.has(name)) {
      feeds.set(name, { data: numbers(rows * columns), dims: [rows, columns] })
      return input(g, name, 'float32', [rows, columns])
    }
    return { name, dims: [rows, columns], type: 'float32', tracked: false }
  }
  const outputs = products.map(([m, k, n]) => output(g, product(g, matrix(m, k), matrix(k, n), { dims: [m, n] })).name)
  const session = await openSession(modelBytes(g), threads)
  const into = new Map<string, Tensor>()
  for (const [i, [m, , n]] of products.entries())
    into.set(outputs[i] as string, { data: new Float32Array(m * n), dims: [m, n] })
  return { run: () => session.run(feeds, outputs, into), close: session.close }
}

const numbers = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(i) * 0.05)

async function measure(method: 'lora' | 'full', target: number): Promise<void> {
  const weights = new Map(
    [...tensorShapes(CONFIG)].map(([name, dims]) => [name, numbers(dims.reduce((a, b) => a * b))]),
  )
  const lora = method === 'lora' ? { rank: RANK, factor: 2, targets: LORA_TARGETS, dropout: 0 } : null
  const trainer = await openTrainer({ config: CONFIG, weights, lora, rows: ROWS, length: LENGTH, threads, seed: 1 })
  const products = await openProducts(productsOf(method))
  const ids = Array.from({ length: LENGTH }, (_, i) => (i * 31) % CONFIG.vocabularySize)
  const rows = Array.from({ length: ROWS }, () => [{ ids, counts: ids.map(() => true) }])
  const options = { rate: 1e-4, beta1: 0.9, beta2: 0.98, epsilon: 1e-8, decay: 0, clip: 1 }
  const [steps, bare]: [number[], number[]] = [[], []]
  for (let step = 1; step <= ROUNDS + 2; step++) {
    const seconds = await wallSeconds(() => trainer.learn(rows, { ...options, step }))
    const limit = await wallSeconds(products.run)
    // The first two warm the caches.
    if (step <= 2) continue
    steps.push(seconds)
    bare.push(limit)
  }
  report(`finetune ${method}: tokens per second`, TOKENS / median(steps), 'tokens/s', null)
  report(`finetune ${method}: tokens per second at the GEMM limit`, TOKENS / median(bare), 'tokens/s', null)
  report(`finetune ${method}: share of the GEMM limit`, median(bare) / median(steps), 'ratio', target)
  await trainer.close()
  await products.close()
}

await measure('lora', 0.85)
await measure('full', 0.85)
