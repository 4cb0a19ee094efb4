import type { LlamaContext, LlamaSampler } from '../llama/addon.ts'
import type { Lane } from './lane.ts'

/** How tokens are chosen. Temperature 0 is greedy; the same seed and the same batch give the same tokens. */
export type Sampling = {
  readonly temperature: number
  readonly topP: number
  readonly seed: number
  readonly presencePenalty: number
  readonly frequencyPenalty: number
  /** Token id → what is added to its logit. */
  readonly logitBias: readonly (readonly [token: number, bias: number])[]
  /** GBNF that the answer must follow, or null. */
  readonly grammar: string | null
  /** How many alternatives are reported beside the chosen token; null = no log probabilities. */
  readonly topLogprobs: number | null
}

export type TokenLogprob = { readonly token: number; readonly logprob: number }

export type Sampled = {
  readonly token: number
  /** Natural logarithms under the model's own distribution, before temperature, penalties and grammar. */
  readonly logprob: number | null
  readonly top: readonly TokenLogprob[]
}

/** Tokens that penalties look back on. */
const PENALTY_WINDOW = 4096

/** A native sampler set up for one answer. */
export function samplerOf(lane: Lane, sampling: Sampling): LlamaSampler {
  const sampler = lane.newSampler()
  const { logitBias: bias, presencePenalty, frequencyPenalty } = sampling
  sampler.applyConfig({
    temperature: sampling.temperature,
    seed: sampling.seed,
    ...(sampling.topP < 1 ? { topP: sampling.topP } : {}),
    ...(presencePenalty === 0 && frequencyPenalty === 0
      ? {}
      : {
          repeatPenalty: 1,
          repeatPenaltyMaxTokens: PENALTY_WINDOW,
          repeatPenaltyTokens: new Uint32Array(0),
          repeatPenaltyPresencePenalty: presencePenalty,
          repeatPenaltyFrequencyPenalty: frequencyPenalty,
        }),
    ...(bias.length === 0
      ? {}
      : {
          tokenBiasKeys: Uint32Array.from(bias, ([token]) => token),
          tokenBiasValues: Float32Array.from(bias, ([, value]) => value),
        }),
    ...(sampling.grammar === null ? {} : { grammarEvaluationState: lane.newGrammar(sampling.grammar) }),
  })
  return sampler
}

/** A sampler that leaves the logits as they are, to read log probabilities from. */
export function rawSamplerOf(lane: Lane): LlamaSampler {
  const sampler = lane.newSampler()
  sampler.applyConfig({ temperature: 0 })
  return sampler
}

/**
 * Chooses a token, and where `raw` (see `rawSamplerOf`) is given also reads log probabilities of the untouched logits.
 */
export async function sampleWith(
  context: LlamaContext,
  logits: number,
  sampler: LlamaSampler,
  raw: LlamaSampler | null,
  sampling: Sampling,
): Promise<Sampled> {
  const token = await context.sampleToken(logits, sampler)
  if (token < 0) throw new Error('no token can follow')
  if (raw === null) return { token, logprob: null, top: [] }
  const count = sampling.topLogprobs ?? 0
  const wanted = [[token], false, false, false, Math.max(1, count)] as const
  const [, , , flat, totalWeight] = await context.sampleToken(logits, raw, false, false, wanted, true)
  const values = new Map<number, number>()
  for (let i = 0; i + 1 < flat.length; i += 2) values.set(flat[i] as number, flat[i + 1] as number)
  // The total is the sum of exp(logit - highest), so this is the logarithm of the softmax's denominator.
  const denominator = Math.max(...values.values()) + Math.log(totalWeight)
  const all = [...values].map(([id, logit]) => ({ token: id, logprob: logit - denominator }))
  all.sort((a, b) => b.logprob - a.logprob)
  return {
    token,
    logprob: all.find((x) => x.token === token)?.logprob ?? null,
    top: all.slice(0, count),
  }
}
