import {
  canonicalise,
  errorsOf,
  fromUtf8,
  integer,
  type Json,
  nullable,
  oneOf,
  record,
  type Shaped,
} from '@allod/protocol'
import { decimal } from './decimal.ts'

const fail = errorsOf('models', {
  'bad-report': [
    'report.json of an engine is not what the job contract says',
    'use an engine release that fits the runtime',
  ],
})

const count = integer(0, 1e12)
const loss = decimal(0, 1e6)
const share = decimal(0, 1)

/** How much of the dataset the model gives away, measured after training. */
const leakageShape = record({
  /** Training rows sampled, and how many were completed word for word from their first half. */
  sampled: count,
  verbatim: count,
  /** The same for rows that were kept aside. */
  heldOutSampled: count,
  heldOutVerbatim: count,
  canaries: count,
  /** Mean exposure of the canaries in bits (0: no likelier than a random one; at most `exposureLimit`). */
  exposure: decimal(0, 64),
  exposureLimit: decimal(0, 64),
  trainLoss: loss,
  heldOutLoss: nullable(loss),
  /** Share of the sampled training rows completed word for word: what a policy's `maxMemorisation` is compared with. */
  memorisation: share,
})

/** `/out/report.json` of a fine-tuning. */
export const finetuneReportShape = record({
  version: oneOf(1),
  kind: oneOf('finetune'),
  stopped: oneOf('completed', 'early-stop'),
  method: oneOf('lora', 'full'),
  steps: count,
  rows: count,
  /** Tokens read in all epochs. */
  tokens: count,
  trainedParameters: count,
  firstLoss: loss,
  lastLoss: loss,
  evalBefore: nullable(loss),
  evalAfter: nullable(loss),
  leakage: leakageShape,
})

export type FinetuneReport = Shaped<typeof finetuneReportShape>
export type Leakage = FinetuneReport['leakage']

/** Reads `report.json`. @throws models/bad-report, protocol/bad-shape, models/bad-number */
export function parseFinetuneReport(bytes: Uint8Array): FinetuneReport {
  if (bytes.length > 1 << 16) throw fail('bad-report', { expected: 'at most 64 KiB', actual: bytes.length })
  let value: unknown
  try {
    value = JSON.parse(fromUtf8(bytes))
  } catch (cause) {
    throw fail('bad-report', { cause })
  }
  return finetuneReportShape(value, 'report')
}

/** Writes `report.json`. */
export const formatFinetuneReport = (report: FinetuneReport): Uint8Array<ArrayBuffer> =>
  canonicalise(finetuneReportShape(report, 'report') as unknown as Json)
