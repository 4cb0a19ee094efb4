import type { FolderSource } from '@allod/content'
import { utf8 } from '@allod/protocol'
import {
  fetchReport,
  formatAmount,
  newPolicy,
  type OrderRecord,
  offerResult,
  placeOrder,
  publishDataset,
  type Quote,
  quote,
  settleOrder,
} from '@allod/sdk'
import { follow, sparkline } from './follow.ts'
import type { Published, Stage, Tuned } from './Story.ts'

const TERM_SECONDS = 900

/** The developer seals a private dataset, orders a fine-tuning of the leased model on it, and follows it to its report. */
export async function finetune(
  stage: Stage,
  published: Published,
  jsonl: string,
  parameters: Readonly<Record<string, string | number>>,
): Promise<Tuned> {
  const { allod, cast, book, say, seed } = stage
  const { developer } = cast
  say('the developer seals a private dataset')
  const dataset = await publishDataset(allod, developer, {
    folder: oneFile('company.jsonl', utf8(jsonl)),
    name: 'company-records',
    policy: newPolicy(allod.network, developer.key.address, {
      purposes: ['finetune', 'serve'],
      engines: [published.finetuneEngine, published.serveEngine].map(({ offer }) => offer.subject),
    }),
  })
  say(`  ${dataset.rows} rows, padded, object ${dataset.objectId}`)
  const offered = await quote(allod, {
    kind: 'finetune',
    buyer: developer.key.address,
    compute: published.compute,
    engine: published.finetuneEngine,
    inputs: {
      model: { kind: 'offer', offer: published.model.posted },
      dataset: { kind: 'own', manifestHash: dataset.manifestHash },
    },
    seconds: TERM_SECONDS,
  })
  sayPrice(stage, offered)
  const record = await placeOrder(allod, developer, offered, { book, parameters, seed })
  say(`order ${record.order}`)
  const ended = Promise.withResolvers<readonly number[]>()
  const settled = followToLastUnit(stage, record, ended.resolve)
  settled.catch(ended.reject)
  const losses = await ended.promise
  say(`  loss ${sparkline(losses)}  ${losses[0]?.toFixed(2)} → ${losses.at(-1)?.toFixed(2)}`)
  const report = await fetchReport(allod, record)
  return { record, settled, dataset, report, adapter: await offerResult(allod, developer, record) }
}

// The market's windows run out while the story goes on. Anyone may claim for everybody: here one who is paid does.
async function followToLastUnit(
  stage: Stage,
  record: OrderRecord,
  onEnded: (losses: readonly number[]) => void,
): Promise<void> {
  const { allod, cast, signal } = stage
  const claimed = Promise.withResolvers<unknown>()
  const claim = () =>
    settleOrder(allod, cast.modelOwner, record.order, { maxSeconds: 120, ...(signal ? { signal } : {}) })
  const following = follow(stage, cast.developer, record, ['settled'], {
    onStep(step, losses) {
      if (step !== 'ended') return
      onEnded([...losses])
      claim().then(claimed.resolve, claimed.reject)
    },
  })
  await Promise.all([claimed.promise, following.then(claimed.resolve)])
}

/** Price and shares, before anything is paid. */
export function sayPrice({ allod, say }: Stage, { totalUnits, refundableUnits, shares }: Quote): void {
  const { currency } = allod.network
  const money = (units: bigint) => `${formatAmount(units, currency)}`
  say(`at most ${money(totalUnits)}, of which ${money(refundableUnits)} returns for time not used:`)
  for (const { label, mostUnits } of shares) say(`  ${label.padEnd(10)} at most ${money(mostUnits)}`)
}

function oneFile(path: string, bytes: Uint8Array): FolderSource {
  return {
    files: [{ path, sizeBytes: bytes.length, isExecutable: false }],
    async *read() {
      yield bytes
    },
  }
}
