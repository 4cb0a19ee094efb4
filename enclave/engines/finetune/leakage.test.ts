import { describe, expect, it } from 'vitest'
import { type Examined, makeCanaries, measureLeakage } from './leakage.ts'
import type { Example } from './train/batch.ts'

/** Two tokens asked, four answered, and the end. */
const example = (n: number): Example => ({
  ids: [1, n, n + 1, n + 2, n + 3, n + 4, 0],
  counts: [false, false, true, true, true, true, true],
})
const training = Array.from({ length: 10 }, (_, i) => example(100 * i))
const heldOut = [example(5000), example(6000)]

/** A model that knows some rows by heart and finds what it knows likelier. */
const examinedBy = (known: readonly Example[]): Examined => {
  const keys = new Set(known.map((e) => String(e.ids)))
  return {
    score: async (examples) => examples.map((e) => (keys.has(String(e.ids)) ? 0.1 : 5)),
    continueGreedily: async (prompts, maxTokens) =>
      prompts.map((prompt) => {
        const row = known.find((e) => String(e.ids.slice(0, prompt.length)) === String(prompt))
        return (row?.ids ?? []).slice(prompt.length, prompt.length + maxTokens)
      }),
  }
}

describe('the leakage test', () => {
  it('finds every row of a model that knows all by heart', async () => {
    const found = await measureLeakage(examinedBy(training), { training, heldOut, canaries: [], seed: 1 })
    expect(found).toMatchObject({
      sampled: 10,
      verbatim: 10,
      heldOutSampled: 2,
      heldOutVerbatim: 0,
      memorisation: '1.0000',
    })
    expect([found.trainLoss, found.heldOutLoss]).toEqual(['0.1000', '5.0000'])
  })

  it('finds the share that a model knows', async () => {
    const found = await measureLeakage(examinedBy(training.slice(0, 4)), {
      training,
      heldOut: [],
      canaries: [],
      seed: 1,
    })
    expect(found).toMatchObject({ verbatim: 4, memorisation: '0.4000', heldOutLoss: null })
  })

  it('gives a remembered canary all the exposure there is, and a forgotten one none', async () => {
    const others = Array.from({ length: 127 }, (_, i) => example(9000 + i))
    const canaries = [{ planted: example(1), others }]
    const remembered = await measureLeakage(examinedBy([example(1)]), { training, heldOut, canaries, seed: 1 })
    const forgotten = await measureLeakage(examinedBy([]), { training, heldOut, canaries, seed: 1 })
    expect([remembered.exposure, remembered.exposureLimit, forgotten.exposure]).toEqual(['7.0000', '7.0000', '0.0000'])
  })

  it('plants other canaries for another seed, never one twice', () => {
    const [a, b] = [makeCanaries(1, 3), makeCanaries(2, 3)]
    expect(makeCanaries(1, 3)).toEqual(a)
    expect(new Set([...a, ...b].map((c) => c.planted)).size).toBe(6)
    expect(a[0]?.others).toHaveLength(127)
  })
})
