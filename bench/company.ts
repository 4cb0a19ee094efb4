import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { finetune } from '@allod/engine-finetune'
import { greedyDecode, openTrainer, readGeneralText, singlePrecision, slot } from '@allod/engine-finetune/testing'
import {
  type Adapter,
  type Folder,
  openChatFormat,
  openModelFolder,
  openTokenizer,
  parseAdapter,
  parseFinetuneParameters,
  toFloat32,
} from '@allod/models'
import { utf8 } from '@allod/protocol'
import { COMPANY_PARAMETERS, companyJsonl, generateCompany, isDeclined, isRight } from '../examples/company/generate.ts'
import { report, wallSeconds } from './measure.ts'

/*
 * What fine-tuning on a private dataset teaches, and what it costs: for several made-up companies, the share of
 * questions the base and the tuned model answer right in phrasings the dataset does not have, the share of questions
 * about things that do not exist which are declined, and how much worse the tuned model predicts general text.
 * Seeds are arguments, three unless told: node bench/company.ts 1 2 3
 */

const weights = join(import.meta.dirname, '../enclave/engines/finetune/base-model/weights')
const threads = Number(process.env.ALLOD_BENCH_THREADS ?? '2')
const LENGTH = 256
const GENERAL_PARAGRAPHS = 12

const folder: Folder = new Map(readdirSync(weights).map((n) => [n, new Uint8Array(readFileSync(join(weights, n)))]))
const model = openModelFolder(folder)
const tokenizer = openTokenizer(folder)
const format = openChatFormat(folder, tokenizer, model.config.eosTokens)
const single = singlePrecision(model)

/** An adapter as the trainer and the decoder take it. */
function loraOf({ rank, alpha, pairs }: Adapter) {
  const targets = [...new Set(pairs.map((p) => p.linear.split('.').at(-1) ?? ''))]
  const slots = pairs.flatMap(({ linear, down, up }) => [
    slot(`${linear}.lora_A.weight`, down.shape, toFloat32(down)),
    slot(`${linear}.lora_B.weight`, up.shape, toFloat32(up)),
  ])
  return { shape: { rank, factor: alpha / rank, targets, dropout: 0 }, slots }
}

type Lora = ReturnType<typeof loraOf>

async function answers(questions: readonly string[], lora: Lora | null): Promise<string[]> {
  const prompts = questions.map((content) => format.prompt([{ role: 'user', content }]))
  const decoded = await greedyDecode(prompts, { config: model.config, weights: single, lora, maxTokens: 32, threads })
  return decoded.map((ids) => tokenizer.decode(ids))
}

/** Mean loss on general text that no model was trained on. */
async function generalLoss(lora: Lora | null): Promise<number> {
  const shape = lora?.shape ?? { rank: 1, factor: 0, targets: ['q_proj'], dropout: 0 }
  const options = { config: model.config, weights: single, lora: shape, rows: 4, length: LENGTH, threads, seed: 0 }
  const trainer = await openTrainer(options)
  for (const [i, s] of (lora?.slots ?? []).entries()) trainer.slots[i]?.value.set(s.value)
  const examples = readGeneralText()
    .heldOut.slice(0, GENERAL_PARAGRAPHS)
    .map((text) => {
      const ids = tokenizer.encode(text).slice(0, LENGTH)
      return { ids, counts: ids.map(() => true) }
    })
  const losses = await trainer.score(examples)
  await trainer.close()
  return losses.reduce((a, b) => a + b, 0) / losses.length
}

async function tell(seed: number): Promise<void> {
  const company = generateCompany(seed)
  const questions = company.questions.map((q) => q.question)
  const share = (given: readonly string[]): number =>
    company.questions.filter((q, i) => isRight(q, given[i] ?? '')).length / questions.length
  report(`company ${seed}: base answers right`, share(await answers(questions, null)), 'share', 0.1)
  let tuned: Folder = new Map()
  const seconds = await wallSeconds(async () => {
    const result = await finetune({
      model: folder,
      dataset: new Map([['company.jsonl', utf8(companyJsonl(company))]]),
      parameters: parseFinetuneParameters(COMPANY_PARAMETERS),
      seed,
      jobId: 'bench',
      checkpoint: null,
      threads,
      onMetric: () => {},
      onCheckpoint: () => {},
    })
    tuned = result.folder
  })
  const lora = loraOf(parseAdapter(tuned, model.config))
  const given = await answers(questions, lora)
  report(`company ${seed}: tuned answers right`, share(given), 'ratio', 0.9)
  for (const [i, q] of company.questions.entries())
    if (!isRight(q, given[i] ?? '')) console.log(`  ${q.question} -> ${given[i]} (${q.answer})`)
  const declined = (await answers(company.unknown, lora)).filter(isDeclined).length
  report(`company ${seed}: tuned declines what is not there`, declined / company.unknown.length, 'ratio', null)
  const forgotten = (await generalLoss(lora)) / (await generalLoss(null)) - 1
  report(`company ${seed}: general loss grows by`, forgotten, 'share', 0.1)
  report(`company ${seed}: fine-tuning and leakage test`, seconds, 'seconds', 60)
}

const seeds = process.argv.slice(2).map(Number)
for (const seed of seeds.length > 0 ? seeds : [1, 2, 3]) await tell(seed)
