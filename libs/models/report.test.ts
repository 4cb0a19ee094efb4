import { utf8 } from '@allod/protocol'
import { expect, it } from 'vitest'
import { type FinetuneReport, formatFinetuneReport, parseFinetuneReport } from './report.ts'

const REPORT: FinetuneReport = {
  version: 1,
  kind: 'finetune',
  stopped: 'completed',
  method: 'lora',
  steps: 10,
  rows: 20,
  tokens: 3000,
  trainedParameters: 100,
  firstLoss: '3.0000',
  lastLoss: '0.1000',
  evalBefore: null,
  evalAfter: null,
  leakage: {
    sampled: 4,
    verbatim: 1,
    heldOutSampled: 0,
    heldOutVerbatim: 0,
    canaries: 0,
    exposure: '0.0000',
    exposureLimit: '7.0000',
    trainLoss: '0.1000',
    heldOutLoss: null,
    memorisation: '0.2500',
  },
}

it('a report is read as it was written', () => {
  expect(parseFinetuneReport(formatFinetuneReport(REPORT))).toEqual(REPORT)
})

it('refuses a report that is no JSON or too long', () => {
  const refused = expect.objectContaining({ code: 'models/bad-report' })
  expect(() => parseFinetuneReport(utf8('x'))).toThrow(refused)
  expect(() => parseFinetuneReport(new Uint8Array(70_000))).toThrow(refused)
})

it('refuses text where a number belongs', () => {
  const text = new TextDecoder().decode(formatFinetuneReport(REPORT)).replace('0.2500', 'a row of yours')
  expect(() => parseFinetuneReport(utf8(text))).toThrow(expect.objectContaining({ code: 'models/bad-number' }))
})
