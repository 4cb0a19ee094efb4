import type { Lane } from '../batch/lane.ts'
import { fail } from '../errors.ts'
import { type Addon, defaultThreads, type LlamaContext, type LlamaModel, loadAddon } from './addon.ts'

export type ModelFiles = {
  /** Paths of GGUF files. They may be removed once this returned. */
  readonly base: string
  readonly adapter: string | null
}

export type ModelOptions = {
  readonly contextTokens: number
  readonly sequences: number
  readonly batchTokens: number
  readonly threads: number
  readonly embeddings: boolean
  /** Tokens beside the model's own that end an answer. */
  readonly endTokens: readonly number[]
}

export type OpenModel = {
  readonly lanes: ReadonlyMap<string, Lane>
  readonly embed: ((model: string, tokens: readonly number[]) => Promise<Float64Array>) | null
  close(): Promise<void>
}

/** llama.cpp rounds a sequence's share of the cache up to this. */
const CACHE_STEP = 256
/** Embeddings waiting for their turn, over all requests. */
const MAX_EMBEDDINGS_WAITING = 256

/**
 * Loads weights once, and opens one context on them for `base` and, where there is an adapter, one for `tuned`.
 * @throws serve/no-native-engine, serve/model-load, serve/adapter-load
 */
export async function openModel(files: ModelFiles, options: ModelOptions): Promise<OpenModel> {
  const addon = await loadAddon()
  // Mapped, so that removing the file leaves one copy of the weights in memory, not two.
  const model = new addon.AddonModel(files.base, { gpuLayers: 0, useMmap: true, useMlock: false, addonExports: addon })
  if (!(await attempt(model.init(), 'model-load'))) throw fail('model-load')
  const names = files.adapter === null ? ['base'] : ['base', 'tuned']
  const lora = files.adapter === null ? null : new addon.AddonModelLora(model, files.adapter)
  if (lora !== null) await attempt(model.loadLora(lora), 'adapter-load')

  const contexts: LlamaContext[] = []
  const open = async (name: string, sequences: number, isEmbedding: boolean): Promise<LlamaContext> => {
    const tokens = Math.ceil(options.contextTokens / CACHE_STEP) * CACHE_STEP
    const context = new addon.AddonContext(model, {
      contextSize: tokens * sequences,
      batchSize: isEmbedding ? tokens : Math.max(options.batchTokens, sequences),
      sequences,
      threads: options.threads === 0 ? defaultThreads() : options.threads,
      flashAttention: 'auto',
      ...(isEmbedding ? { embeddings: true } : {}),
    })
    if (!(await attempt(context.init(), 'model-load')))
      throw fail('model-load', { actual: 'the context does not fit memory' })
    contexts.push(context)
    if (name === 'tuned' && lora !== null) context.setLoras([lora], [1])
    return context
  }

  const lanes = new Map<string, Lane>()
  const embedders = new Map<string, LlamaContext>()
  for (const name of names) {
    lanes.set(name, laneOf(addon, model, await open(name, options.sequences, false), options))
    if (options.embeddings) embedders.set(name, await open(name, 1, true))
  }
  return {
    lanes,
    embed: options.embeddings ? embedWith(embedders) : null,
    async close() {
      for (const context of contexts) await context.dispose()
      await lora?.dispose()
      await model.dispose()
    },
  }
}

function laneOf(addon: Addon, model: LlamaModel, context: LlamaContext, options: ModelOptions): Lane {
  const ends = new Set(options.endTokens)
  return {
    context,
    sequences: options.sequences,
    newSampler: () => new addon.AddonSampler(model),
    newGrammar(gbnf) {
      try {
        const grammar = new addon.AddonGrammar(gbnf, { addonExports: addon, rootRuleName: 'root' })
        return new addon.AddonGrammarEvaluationState(model, grammar)
      } catch (cause) {
        throw fail('bad-schema', { actual: 'the grammar of this schema does not parse', cause })
      }
    },
    isEnd: (token) => ends.has(token) || model.isEogToken(token),
  }
}

/** One text at a time; each starts from an empty cache. */
function embedWith(contexts: ReadonlyMap<string, LlamaContext>): NonNullable<OpenModel['embed']> {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return (name, tokens) => {
    const context = contexts.get(name)
    if (context === undefined) return Promise.reject(fail('unknown-model', { actual: name }))
    if (waiting >= MAX_EMBEDDINGS_WAITING)
      return Promise.reject(fail('queue-full', { expected: MAX_EMBEDDINGS_WAITING }))
    waiting++
    const run = async (): Promise<Float64Array> => {
      try {
        context.removeTokenCellsFromSequence(0, 0, -1)
        context.initBatch(tokens.length)
        context.addToBatch(0, 0, Uint32Array.from(tokens), Uint32Array.of(tokens.length - 1))
        await attempt(context.decodeBatch(), 'engine-failed')
        return context.getEmbedding(tokens.length)
      } finally {
        context.removeTokenCellsFromSequence(0, 0, -1)
        waiting--
      }
    }
    const result = last.then(run, run)
    last = result
    return result
  }
}

async function attempt<T>(promise: Promise<T>, code: 'model-load' | 'adapter-load' | 'engine-failed'): Promise<T> {
  try {
    return await promise
  } catch (cause) {
    throw fail(code, { cause })
  }
}
