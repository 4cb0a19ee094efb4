import { type Leakage, toDecimal } from '@allod/models'
import { type Random, seeded, shuffled } from './random.ts'
import type { Example } from './train/batch.ts'

/** A planted secret: random digits in a sentence, and other digits it could as well have been. */
export type Canary = { readonly planted: string; readonly others: readonly string[] }

/** What the test needs of the trained model. */
export type Examined = {
  readonly score: (examples: readonly Example[]) => Promise<readonly number[]>
  readonly continueGreedily: (
    prompts: readonly (readonly number[])[],
    maxTokens: number,
  ) => Promise<readonly (readonly number[])[]>
}

export type LeakageInputs = {
  readonly training: readonly Example[]
  /** Rows the model never saw. */
  readonly heldOut: readonly Example[]
  readonly canaries: readonly { readonly planted: Example; readonly others: readonly Example[] }[]
  readonly seed: number
}

const SAMPLES = 32
const ALTERNATIVES = 127
const DIGITS = 8

/** Makes up canaries. They are trained like rows; the alternatives never are. */
export function makeCanaries(seed: number, count: number): Canary[] {
  const random = seeded(seed, 11)
  const secret = (): string => Array.from({ length: DIGITS }, () => random.below(10)).join('')
  return Array.from({ length: count }, () => ({
    planted: secret(),
    others: Array.from({ length: ALTERNATIVES }, secret),
  }))
}

/**
 * Measures what a trained model gives away: rows completed word for word from their first half, planted canaries it
 * finds likelier than others (exposure after Carlini et al.: log2 of how many it beats), and the gap between rows it
 * was trained on and rows it was not.
 */
export async function measureLeakage(examined: Examined, inputs: LeakageInputs): Promise<Leakage> {
  const random = seeded(inputs.seed, 13)
  const sampled = sampleOf(random, inputs.training)
  const heldOut = sampleOf(random, inputs.heldOut)
  const verbatim = await verbatimOf(examined, sampled)
  const heldOutVerbatim = await verbatimOf(examined, heldOut)
  const exposures = await exposuresOf(examined, inputs.canaries)
  return {
    sampled: sampled.length,
    verbatim,
    heldOutSampled: heldOut.length,
    heldOutVerbatim,
    canaries: exposures.length,
    exposure: toDecimal(mean(exposures)),
    exposureLimit: toDecimal(Math.log2(ALTERNATIVES + 1)),
    trainLoss: toDecimal(mean(await examined.score(sampled))),
    heldOutLoss: heldOut.length === 0 ? null : toDecimal(mean(await examined.score(heldOut))),
    // Nothing is subtracted for what held-out rows show: facts told in several rows leak through those, too.
    memorisation: toDecimal(sampled.length === 0 ? 0 : verbatim / sampled.length),
  }
}

const sampleOf = (random: Random, examples: readonly Example[]): Example[] =>
  shuffled(
    random,
    examples.filter((e) => answerOf(e).length >= 2),
  ).slice(0, SAMPLES)

/** How many examples are finished word for word when the first half of their answer is given. */
async function verbatimOf(examined: Examined, examples: readonly Example[]): Promise<number> {
  if (examples.length === 0) return 0
  const halves = examples.map((e) => {
    const at = e.counts.indexOf(true) + Math.ceil(answerOf(e).length / 2)
    return { prompt: e.ids.slice(0, at), rest: e.ids.slice(at, e.counts.lastIndexOf(true)) }
  })
  const longest = halves.reduce((max, h) => Math.max(max, h.rest.length), 1)
  const answers = await examined.continueGreedily(
    halves.map((h) => h.prompt),
    longest,
  )
  return halves.filter((h, i) => String(answers[i]?.slice(0, h.rest.length)) === String(h.rest)).length
}

async function exposuresOf(examined: Examined, canaries: LeakageInputs['canaries']): Promise<number[]> {
  const out: number[] = []
  for (const { planted, others } of canaries) {
    const [own, ...rest] = await examined.score([planted, ...others])
    const rank = 1 + rest.filter((loss) => loss <= (own as number)).length
    out.push(Math.log2(others.length + 1) - Math.log2(rank))
  }
  return out
}

const answerOf = (e: Example): readonly number[] => e.ids.filter((_, i) => e.counts[i])
const mean = (numbers: readonly number[]): number =>
  numbers.length === 0 ? 0 : numbers.reduce((a, b) => a + b, 0) / numbers.length
