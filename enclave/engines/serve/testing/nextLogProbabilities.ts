import { rawSamplerOf, sampleWith } from '../batch/sampling.ts'
import { type ModelFiles, openModel } from '../llama/openModel.ts'

/** What llama.cpp expects after `tokens`: a natural logarithm for each token of the vocabulary, by id. */
export async function nextLogProbabilities(
  files: ModelFiles,
  tokens: readonly number[],
  vocabularySize: number,
): Promise<number[]> {
  const options = { contextTokens: 64, sequences: 1, batchTokens: 64, threads: 1, embeddings: false, endTokens: [] }
  const model = await openModel(files, options)
  try {
    const lane = model.lanes.get(files.adapter === null ? 'base' : 'tuned')
    if (lane === undefined) throw new Error('no lane')
    const { context } = lane
    context.initBatch(tokens.length)
    const [last] = context.addToBatch(0, 0, Uint32Array.from(tokens), Uint32Array.of(tokens.length - 1))
    await context.decodeBatch()
    const raw = rawSamplerOf(lane)
    const sampling = { temperature: 0, topP: 1, seed: 0, presencePenalty: 0, frequencyPenalty: 0 }
    const wanted = { ...sampling, logitBias: [], grammar: null, topLogprobs: vocabularySize }
    const { top } = await sampleWith(context, last ?? 0, raw, raw, wanted)
    raw.dispose()
    const all = new Map(top.map(({ token, logprob }) => [token, logprob]))
    return Array.from({ length: vocabularySize }, (_, token) => all.get(token) ?? Number.NEGATIVE_INFINITY)
  } finally {
    await model.close()
  }
}
