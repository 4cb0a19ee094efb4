import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, watch } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openInputs, openModel } from '@allod/engine-serve'
import { packageServe } from '@allod/engine-serve/package'
import { tinyModel, writeInputs } from '@allod/engine-serve/testing'
import { median, report, wallSeconds } from './measure.ts'

/*
 * The packaged serve engine over its socket against llama.cpp's own decode and sample calls in a bare loop: same library, same
 * weights (random, in the demo model's shape), same prompts, same number of threads, in turn. The bare loop answers nobody, so
 * what is measured is everything the engine adds: HTTP, the scheduler, text and its own process.
 */

const SHAPE = { hidden: 256, layers: 5, heads: 4, kvHeads: 2, feedForward: 768, positions: 256, vocabulary: 4096 }
const PROMPT_TOKENS = 32
const ANSWER_TOKENS = 128
const ROUNDS = 7
const FIRST_TOKEN_ROUNDS = 21
/** The model's control tokens, banned on both sides so that every answer has its full length. */
const ENDS = [0, 1, 2]

const scratch = mkdtempSync(join(tmpdir(), 'bench-serve-'))
const threads = Number(process.env.ALLOD_BENCH_THREADS ?? '1')

const prompts = Array.from({ length: 8 }, (_, n) =>
  Array.from({ length: PROMPT_TOKENS }, (_, i) => 40 + ((n * 31 + i * 7) % 300)),
)

type Bare = Awaited<ReturnType<typeof openBare>>

async function openBare(inDir: string) {
  const inputs = openInputs(inDir)
  const options = {
    contextTokens: SHAPE.positions,
    sequences: 8,
    batchTokens: 512,
    threads,
    embeddings: false,
    endTokens: [],
  }
  const model = await openModel(inputs.files, options)
  inputs.discard()
  const lane = model.lanes.get('base')
  if (lane === undefined) throw new Error('no base model')
  return { lane, close: model.close }
}

/** Greedy answers to `count` prompts in one batch; `tokens` each. */
async function bareAnswers({ lane }: Bare, count: number, tokens: number): Promise<void> {
  const { context } = lane
  const samplers = prompts.slice(0, count).map(() => lane.newSampler())
  for (const sampler of samplers)
    sampler.applyConfig({
      temperature: 0,
      seed: 0,
      tokenBiasKeys: Uint32Array.from(ENDS),
      tokenBiasValues: new Float32Array(ENDS.length).fill(-100),
    })
  let inputs = prompts.slice(0, count)
  let at = 0
  for (let made = 0; made < tokens; made++) {
    context.initBatch(inputs.reduce((n, i) => n + i.length, 0))
    const logits = inputs.map((ids, s) =>
      context.addToBatch(s, at, Uint32Array.from(ids), Uint32Array.of(ids.length - 1)),
    )
    at += inputs[0]?.length ?? 0
    await context.decodeBatch()
    const next = await Promise.all(samplers.map((sampler, s) => context.sampleToken(logits[s]?.[0] ?? 0, sampler)))
    inputs = next.map((token) => [token])
  }
  for (const [s, sampler] of samplers.entries()) {
    sampler.dispose()
    context.removeTokenCellsFromSequence(s, 0, -1)
  }
}

async function startEngine(inDir: string): Promise<{ child: ChildProcess; socket: string }> {
  const built = join(scratch, 'engine')
  const run = join(scratch, 'run')
  await packageServe(built)
  mkdirSync(run)
  const socket = join(run, 'engine.sock')
  const appears = new Promise<void>((resolve) => {
    const watcher = watch(run, () => {
      if (!existsSync(socket)) return
      watcher.close()
      resolve()
    })
  })
  const child = spawn(process.execPath, [join(built, 'serve.mjs'), inDir, socket], { env: {}, stdio: 'inherit' })
  await appears
  return { child, socket }
}

/** Seconds to the first piece of a streamed answer and to its end. */
function engineAnswer(
  socket: string,
  prompt: readonly number[],
  tokens: number,
): Promise<{ first: number; all: number }> {
  const body = JSON.stringify({
    model: 'base',
    prompt,
    max_tokens: tokens,
    temperature: 0,
    stream: true,
    logit_bias: Object.fromEntries(ENDS.map((id) => [id, -100])),
  })
  return new Promise((resolve, reject) => {
    const start = performance.now()
    let first = 0
    const outgoing = request({ socketPath: socket, path: '/v1/completions', method: 'POST' }, (incoming) => {
      if (incoming.statusCode !== 200) reject(new Error(`status ${incoming.statusCode}`))
      incoming.on('data', () => {
        first ||= (performance.now() - start) / 1000
      })
      incoming.on('end', () => resolve({ first, all: (performance.now() - start) / 1000 }))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

const engineAnswers = (socket: string, count: number): Promise<unknown> =>
  Promise.all(prompts.slice(0, count).map((prompt) => engineAnswer(socket, prompt, ANSWER_TOKENS)))

const inDir = join(scratch, 'in')
mkdirSync(inDir)
writeInputs(inDir, { threads, contextTokens: SHAPE.positions }, { base: tinyModel(1, SHAPE), adapter: null })
const bare = await openBare(inDir)
const { child, socket } = await startEngine(inDir)
try {
  for (const count of [1, 8]) {
    const speeds: { bare: number; engine: number }[] = []
    for (let round = 0; round <= ROUNDS; round++) {
      const tokens = count * ANSWER_TOKENS
      const bareSpeed = tokens / (await wallSeconds(() => bareAnswers(bare, count, ANSWER_TOKENS)))
      const engineSpeed = tokens / (await wallSeconds(() => engineAnswers(socket, count)))
      // The first round warms both sides up.
      if (round > 0) speeds.push({ bare: bareSpeed, engine: engineSpeed })
    }
    report(`llama.cpp bare, batch ${count}`, median(speeds.map((s) => s.bare)), 'tokens/s', null)
    report(`serve engine, batch ${count}`, median(speeds.map((s) => s.engine)), 'tokens/s', null)
    report(
      `serve engine of bare llama.cpp, batch ${count}`,
      median(speeds.map((s) => s.engine / s.bare)),
      'ratio',
      0.95,
    )
  }
  const added: number[] = []
  for (let round = 0; round < FIRST_TOKEN_ROUNDS; round++) {
    const own = await wallSeconds(() => bareAnswers(bare, 1, 1))
    const { first } = await engineAnswer(socket, prompts[0] ?? [], 2)
    added.push((first - own) * 1000)
  }
  report('time to first token over bare llama.cpp', median(added), 'ms', 50)
} finally {
  child.kill('SIGTERM')
  await bare.close()
  rmSync(scratch, { recursive: true, force: true })
}
