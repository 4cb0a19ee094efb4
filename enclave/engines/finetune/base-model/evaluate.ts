import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openModelFolder, openTokenizer } from '@allod/models'
import { openTrainer, singlePrecision } from '../train/trainer.ts'
import { openCorpus, remembering } from './corpus.ts'

/**
 * The held-out losses that the model card states, of the weights in `--weights` (`weights/` beside this file unless told):
 * natural logarithm, mean over 32 rows of 256 tokens of general text and over 200 generated conversations, all as `train.ts`
 * measures them.
 * @example node base-model/evaluate.ts
 */
const { values: args } = parseArgs({
  options: {
    weights: { type: 'string', default: join(import.meta.dirname, 'weights') },
    threads: { type: 'string', default: '1' },
  },
})

const LENGTH = 256
const folder = new Map(
  readdirSync(args.weights).map((name) => [name, new Uint8Array(readFileSync(join(args.weights, name)))]),
)
const model = openModelFolder(folder)
const tokenizer = openTokenizer(folder)
const corpus = openCorpus(remembering((text) => tokenizer.encode(text)))
// Adapters that count for nothing: the model is measured as it is.
const lora = { rank: 1, factor: 0, targets: ['q_proj'], dropout: 0 }
const shape = { config: model.config, weights: singlePrecision(model), lora, rows: 4, length: LENGTH }
const trainer = await openTrainer({ ...shape, threads: Number(args.threads), seed: 0 })
const mean = async (examples: Parameters<typeof trainer.score>[0]): Promise<number> => {
  const losses = await trainer.score(examples)
  return losses.reduce((a, b) => a + b, 0) / losses.length
}
console.log(
  JSON.stringify({ general: await mean(corpus.heldOut(32, LENGTH)), chat: await mean(corpus.heldOutChats(200)) }),
)
await trainer.close()
