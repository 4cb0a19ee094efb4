import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fail } from '../errors.ts'

/** The part of the llama.cpp addon that the engine calls. Its version is pinned, so its shape is fixed. */
export type Addon = {
  readonly AddonModel: new (
    path: string,
    options: { gpuLayers: number; useMmap: boolean; useMlock: boolean; addonExports: Addon },
  ) => LlamaModel
  readonly AddonModelLora: new (model: LlamaModel, path: string) => LlamaLora
  readonly AddonContext: new (model: LlamaModel, options: ContextOptions) => LlamaContext
  readonly AddonSampler: new (model: LlamaModel) => LlamaSampler
  readonly AddonGrammar: new (gbnf: string, options: { addonExports: Addon; rootRuleName: string }) => LlamaGrammar
  readonly AddonGrammarEvaluationState: new (model: LlamaModel, grammar: LlamaGrammar) => LlamaGrammarState
  setLogger(log: (level: number, message: string) => void): void
  setLoggerLogLevel(level: number): void
  loadBackends(folder: string): void
  init(): Promise<void>
  dispose(): Promise<void>
}

type ContextOptions = {
  readonly contextSize: number
  readonly batchSize: number
  readonly sequences: number
  readonly threads: number
  readonly flashAttention: boolean | 'auto'
  readonly embeddings?: boolean
}

export type LlamaModel = {
  init(): Promise<boolean>
  loadLora(lora: LlamaLora): Promise<void>
  dispose(): Promise<void>
  isEogToken(token: number): boolean
  getTrainContextSize(): number
  getEmbeddingVectorSize(): number
}

export type LlamaLora = { dispose(): Promise<void> }
export type LlamaGrammar = { isTextCompatible(text: string): boolean }
export type LlamaGrammarState = { readonly _: 'LlamaGrammarState' }

export type LlamaContext = {
  init(): Promise<boolean>
  dispose(): Promise<void>
  setLoras(loras: readonly LlamaLora[], scales: readonly number[]): void
  initBatch(tokens: number): void
  addToBatch(sequence: number, position: number, tokens: Uint32Array, logitsAt: Uint32Array): Uint32Array
  decodeBatch(): Promise<void>
  sampleToken(logits: number, sampler: LlamaSampler): Promise<number>
  sampleToken(
    logits: number,
    sampler: LlamaSampler,
    probabilities: false,
    confidence: false,
    top: readonly [tokens: readonly number[], highest: false, lowest: false, selected: false, top: number],
    totalWeight: true,
  ): Promise<readonly [token: number, _: undefined, __: undefined, logits: readonly number[], totalWeight: number]>
  removeTokenCellsFromSequence(sequence: number, from: number, to: number): boolean
  getSequenceKvCacheMaxPosition(sequence: number): number
  getEmbedding(tokens: number): Float64Array
}

export type LlamaSampler = {
  dispose(): void
  applyConfig(config: {
    readonly temperature: number
    readonly topP?: number
    readonly seed?: number
    readonly repeatPenalty?: number
    readonly repeatPenaltyMaxTokens?: number
    readonly repeatPenaltyTokens?: Uint32Array
    readonly repeatPenaltyPresencePenalty?: number
    readonly repeatPenaltyFrequencyPenalty?: number
    readonly grammarEvaluationState?: LlamaGrammarState
    readonly tokenBiasKeys?: Uint32Array
    readonly tokenBiasValues?: Float32Array
  }): void
}

let loaded: Promise<Addon> | undefined

/**
 * Loads the native library once per process. It lies in `native/` beside the bundle, or in node_modules of a checkout.
 * The JavaScript of node-llama-cpp is not used: it can download and compile, which nothing inside an enclave should.
 * @throws serve/no-native-engine
 */
export function loadAddon(): Promise<Addon> {
  loaded ??= load()
  return loaded
}

/** The folder that holds `llama-addon.node` and its shared libraries. @throws serve/no-native-engine */
export function nativeFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url))
  const packaged = join(here, 'native')
  if (existsSync(join(packaged, 'llama-addon.node'))) return packaged
  try {
    const entry = createRequire(import.meta.url).resolve('@node-llama-cpp/linux-x64')
    const folder = join(dirname(entry), '..', 'bins', 'linux-x64')
    if (existsSync(join(folder, 'llama-addon.node'))) return folder
  } catch (cause) {
    throw fail('no-native-engine', { expected: packaged, cause })
  }
  throw fail('no-native-engine', { expected: packaged })
}

/** Threads for the matrix work where the job names none; one core is left for the requests and for the runtime around us. */
export const defaultThreads = (): number => Math.max(1, availableParallelism() - 1)

async function load(): Promise<Addon> {
  const folder = nativeFolder()
  let addon: Addon
  try {
    addon = createRequire(import.meta.url)(join(folder, 'llama-addon.node')) as Addon
  } catch (cause) {
    throw fail('no-native-engine', { actual: 'it does not load on this machine', cause })
  }
  // llama.cpp prints to stderr by default, and what it prints can hold prompts.
  addon.setLogger(() => {})
  addon.setLoggerLogLevel(0)
  addon.loadBackends(folder)
  await addon.init()
  return addon
}
